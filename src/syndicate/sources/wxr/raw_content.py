"""What WordPress stores is not yet HTML: paragraphs are blank lines, captions are shortcodes.

Follows what ``wpautop`` and ``img_caption_shortcode`` of WordPress promise, not how they do it.
"""

import re
from collections.abc import Callable, Iterator
from html import escape

_BLOCK = (
    "address|article|aside|blockquote|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|"
    "li|main|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
)
_IS_BLOCK = re.compile(rf"\s*</?(?:{_BLOCK})\b", re.IGNORECASE)
_BLOCK_EDGE = re.compile(rf"(</(?:{_BLOCK})\s*>|<hr\b[^>]*>)", re.IGNORECASE)
_BLOCK_START = re.compile(rf"(<(?:{_BLOCK})\b)", re.IGNORECASE)
_KEPT = re.compile(r"<(pre|script|style|textarea)\b[^<>]*>", re.IGNORECASE)
_BLANK = re.compile(r"\n\s*\n")
_COMMENT = re.compile(r"<(!--)")
_CAPTION = re.compile(r"\[((?:wp_)?caption)\b([^\[\]]*)\]")
_CAPTION_TEXT = re.compile(r"""\bcaption=(?:"([^"]*)"|'([^']*)')""")
_PICTURE = re.compile(r"\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*)", re.DOTALL | re.IGNORECASE)
_EMBED = re.compile(r"\[(embed)\b[^\[\]]*\]")
_FOOTNOTE = re.compile(r"\[(footnote|ref|note)\]")
# a shortcode has attributes, or closes, or is one of those that WordPress and its usual plugins bring: "[1]", "[…]",
# "[sic]" and "[emphasis added]" are text
_SHORTCODE = re.compile(
    r"\[/?(?:gallery|audio|video|playlist|embed|caption|wp_caption|contact-form-7|vc_[a-z_]+|et_pb_[a-z_]+|"
    r"[a-z][a-z0-9_-]{1,40}(?=(?:\s+[a-z_-]+=(?:\"[^\"]*\"|'[^']*'|[^\s\]\"']+))+\s*/?\])|"
    r"(?<=/)[a-z][a-z0-9_-]{1,40}(?=\]))\b[^\[\]]*\]"
)
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


def html(raw: str) -> tuple[str, tuple[str, ...]]:
    """The content as HTML, and the names of the shortcodes that were left out (their text is kept). Linear."""
    text = raw.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    is_blocks = "<!-- wp:" in text
    text = _replaced(text, _COMMENT, "-->", lambda opening, inner: "")
    text = _replaced(text, _CAPTION, "[/{}]", _figure)
    text = _replaced(text, _EMBED, "[/{}]", lambda opening, inner: _link(inner.strip()))
    text = _with_notes(text)
    dropped = dict.fromkeys(_names(text))
    text = _SHORTCODE.sub("", text)
    return (text if is_blocks else paragraphs(text)), tuple(dropped)


def _replaced(
    text: str, opening: re.Pattern[str], closing: str, made: Callable[[re.Match[str], str], str]
) -> str:
    """``text`` with each opening, its inside and its closing replaced; what is never closed stays as it is.

    A closing that was once looked for in vain is not looked for again, so time grows with length only.
    """
    out, at, searched, never = [], 0, 0, set()
    while found := opening.search(text, searched):
        end_mark = closing.format(found[1])
        end = -1 if end_mark in never else text.find(end_mark, found.end())
        searched = found.end()
        if end < 0:
            never.add(end_mark)
            continue
        out += [text[at : found.start()], made(found, text[found.end() : end])]
        at = searched = end + len(end_mark)
    return "".join([*out, text[at:]])


def _link(address: str) -> str:
    return f'<a href="{escape(address)}">{escape(address)}</a>'


def _names(text: str) -> Iterator[str]:
    for found in _SHORTCODE.finditer(text):
        if name := _NAME.search(found[0]):
            yield name[0]


def _figure(opening: re.Match[str], inner: str) -> str:
    """A captioned picture; the caption is after it, or (before WordPress 3.4) an attribute."""
    old = _CAPTION_TEXT.search(opening[2])
    picture = _PICTURE.match(inner)
    if picture is None:
        return inner
    caption = picture[2].strip() or ((old[1] or old[2] or "") if old else "")
    return f"\n\n<figure>{picture[1]}<figcaption>{caption}</figcaption></figure>\n\n"


def _with_notes(text: str) -> str:
    """Footnote shortcodes as links and a list, which ``footnotes`` understands."""
    notes: list[str] = []

    def reference(_: re.Match[str], inner: str) -> str:
        notes.append(f'<li id="wxrnote-{len(notes) + 1}">{inner.strip()}</li>')
        number = len(notes)
        return f'<sup><a id="wxrref-{number}" href="#wxrnote-{number}">{number}</a></sup>'

    text = _replaced(text, _FOOTNOTE, "[/{}]", reference)
    return f"{text}\n\n<ol>{''.join(notes)}</ol>" if notes else text


def paragraphs(text: str) -> str:
    """Blank lines end paragraphs, single ones are breaks; what is in blocks already is left as it is."""
    kept: list[str] = []

    def keep(opening: re.Match[str], inner: str) -> str:
        kept.append(f"{opening[0]}{inner}</{opening[1]}>")
        return f"\n\n\0{len(kept) - 1}\0\n\n"

    text = _replaced(text, _KEPT, "</{}>", keep)
    text = _BLOCK_START.sub(r"\n\n\1", _BLOCK_EDGE.sub(r"\1\n\n", text))
    made = "\n".join(_paragraph(part.strip()) for part in _BLANK.split(text) if part.strip())
    return re.sub("\0(\\d+)\0", lambda found: kept[int(found[1])], made)


def _paragraph(part: str) -> str:
    if _IS_BLOCK.match(part) or part.startswith("\0"):
        return part
    return "<p>{}</p>".format(re.sub(r"(?<!>)\n", "<br/>\n", part))
