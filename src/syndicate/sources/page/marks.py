"""The marks by which people see what a line of a page is: other languages, similar posts, the author."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from syndicate import languages

_ALSO = re.compile(
    r"also|ayrıca|dillerde|mevcut|также|доступ|متاح|متوفر|mövcud|қолжетімді|verfügbar|disponible|可用|提供|语言",
    re.IGNORECASE,
)
_COLON = re.compile(r"\s*[:：]")
_BETWEEN = re.compile(r"[\s,،、/|·;]+")
_SIMILAR = re.compile(
    r"\W*(?:similar (?:posts?|articles?)|related (?:posts?|articles?|stories)|you may also like|read (?:also|more)"
    r"|benzer (?:yazılar|i̇?çerikler|haberler|makaleler)|i̇?lgili (?:yazılar|i̇?çerikler|haberler)"
    r"|похожие (?:записи|публикации|статьи|материалы|посты)|читайте также|по теме"
    r"|(?:مقالات|منشورات|مواضيع|مشاركات) (?:مشابهة|ذات صلة|متعلقة|مماثلة)|oxşar (?:yazılar|məqalələr|xəbərlər)"
    r"|ұқсас (?:жазбалар|мақалалар|материалдар)|ähnliche (?:beiträge|artikel)|verwandte (?:beiträge|artikel)"
    r"|(?:articles|billets|publications) (?:similaires|liés|connexes)"
    r"|(?:entradas|artículos|publicaciones) (?:similares|relacionad[ao]s)"
    r"|(?:相关|相關|类似|類似|相似)(?:文章|帖子|内容|內容|阅读|推荐))\W*\Z",
    re.IGNORECASE,
)
_NOTE = re.compile(r"\s*\[\d{1,3}\]")
_QUOTES = (("“", "”"), ("«", "»"), ("„", "“"), ("「", "」"), ("『", "』"), ('"', '"'))
_LONGEST_NAME = 70
_MOST_NAME_WORDS = 7


def also_in(line: str) -> tuple[str, ...]:
    """The languages that a line such as "also available in: Türkçe Русский" names; empty for any other."""
    # French and others set a space before the colon, which must cling to the word before it
    line = _COLON.sub(":", line.strip(" .。"))
    words = [word for word in _BETWEEN.split(line) if word]
    if len(words) > 30:
        return ()
    found: list[str] = []
    while words:
        taken = next((n for n in (2, 1) if len(words) >= n and languages.from_name(" ".join(words[-n:]))), 0)
        if not taken:
            # the colon may cling to the first name, and Chinese writes no spaces
            head, colon, last = words[-1].rpartition(":")
            tag = languages.from_name(last) if colon and last else None
            words[-1] = f"{head}:" if colon else words[-1]
            found += [tag] if tag else []
            break
        found.append(languages.from_name(" ".join(words[-taken:])) or "")
        words = words[:-taken]
    said = " ".join(words)
    says_so = bool(_ALSO.search(said)) or (said.endswith(":") and len(found) > 1)
    return tuple(dict.fromkeys(reversed(found))) if says_so else ()


def is_similar_heading(line: str) -> bool:
    """Whether the line is the heading "Similar Posts", in any shipped language."""
    # "İ" is two characters when lowered; the pattern knows both
    return len(line) < 60 and bool(_SIMILAR.match(line.replace("İ", "i").strip()))


def is_note(line: str) -> bool:
    """Whether the line is a note: ``[1] …``."""
    return bool(_NOTE.match(line))


def is_quote(line: str) -> bool:
    """Whether the whole line is one quotation."""
    line = line.strip()
    return any(
        len(line) > 2 and line.startswith(a) and line.endswith(b) and b not in line[1:-1] for a, b in _QUOTES
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """What stands after an article: ``start`` is the first line of it. ``name`` may be empty."""

    start: int
    name: str = ""
    bio: str = ""


def ending(lines: Sequence[str]) -> Ending:
    """Find the author's name (once, though printed twice), the bio and the similar posts below an article."""
    end = next((at for at, line in enumerate(lines) if at and is_similar_heading(line)), len(lines))
    after_notes = max((at + 1 for at, line in enumerate(lines[:end]) if is_note(line)), default=0)
    at = _name_at(lines[:end], after_notes)
    if at is None:
        return Ending(end)
    name = lines[at].strip()
    rest = [line for line in lines[at + 1 : end] if line.strip() != name]
    return Ending(at, languages.visible(name), "\n".join(rest))


def _name_at(lines: Sequence[str], after_notes: int) -> int | None:
    """Where the author's name stands: twice in a row, or alone after the notes with a bio that names them."""
    for at in range(max(after_notes, 1), len(lines)):
        if not is_name(lines[at]):
            continue
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if following.strip() == lines[at].strip():
            return at
        if after_notes and (not following or following.startswith(lines[at].strip())):
            return at
    return None


def is_name(line: str) -> bool:
    """Whether a line can be a person's name: a few words, no sentence."""
    line = line.strip()
    words = line.split()
    short = 0 < len(line) <= _LONGEST_NAME and len(words) <= _MOST_NAME_WORDS
    return short and line[-1] not in ".:;,?!…”»。！？：" and not any(c.isdigit() for c in line)
