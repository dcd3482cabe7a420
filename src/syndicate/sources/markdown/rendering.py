"""Markdown to (still hostile) HTML, with the dialects' shortcodes handled before."""

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_TAG = re.compile(r"\{\{[<%]([^{}]{0,2000}?)[>%]\}\}")
_LIQUID = re.compile(r"\{%-?([^{}%]{0,2000})-?%\}|\{\{-?([^{}]{0,500})-?\}\}")
_ARGUMENT = re.compile(r'([\w-]+)\s*=\s*(?:"([^"]*)"|`([^`]*)`|\'([^\']*)\'|(\S+))|"([^"]*)"|(\S+)')
_ATTRIBUTES = re.compile(r'\{:\s*(?:(?:[.#][\w-]+|[\w-]+="[^"\n]{0,200}"|toc|:?[\w-]+:)\s*)+\}')
_VIDEOS = {"youtube": "https://www.youtube.com/watch?v=", "vimeo": "https://vimeo.com/"}


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return parser.use(footnote_plugin).use(deflist_plugin)


def html(text: str) -> str:
    """CommonMark with tables, strikethrough, definition lists and footnotes; notes nobody calls are kept."""
    text = _ATTRIBUTES.sub("", text) if "{:" in text else text
    if "[^" not in text:
        return str(_markdown().render(text))
    env: dict[str, dict[str, dict[str, int]]] = {}
    rendered = str(_markdown().render(text, env))
    refs = env.get("footnotes", {}).get("refs", {})
    uncalled = [label[1:] for label, number in refs.items() if number < 0]
    return _with_uncalled(text, uncalled) if uncalled else rendered


def _with_uncalled(text: str, labels: list[str]) -> str:
    """The parser drops notes that nothing calls: call them in a last paragraph, and take that out again."""
    calls = " ".join(f"[^{label}]" for label in labels)
    rendered = str(_markdown().render(f"{text}\n\n{_UNCALLED} {calls}\n"))
    return re.sub(rf"<p>{_UNCALLED} .*?</p>\n", "", rendered, count=1, flags=re.DOTALL)


_UNCALLED = "notes-that-nothing-calls"


def hugo(text: str) -> tuple[str, list[str]]:
    """(text without Hugo's and Zola's shortcodes, names of those whose content is lost)."""
    lost: list[str] = []
    text = text.replace("](@/", "](/")
    return (_TAG.sub(lambda found: _shortcode(found[1], lost), text), lost) if "{{" in text else (text, lost)


def _shortcode(inner: str, lost: list[str]) -> str:
    inner = inner.strip().strip("/").strip()
    name, _, rest = re.sub(r"\s+", " ", inner).partition(" ")
    named, plain = _arguments(rest)
    first = plain[0] if plain else ""
    if name in ("ref", "relref"):
        return re.sub(r"(?:/_?index)?(?:\.[a-z]{2,3})?\.(?:md|html)(?=#|\Z)", "/", first)
    if name == "figure":
        return _figure(named)
    if name in _VIDEOS and (video := named.get("id") or first):
        return f"<{_VIDEOS[name]}{video}>"
    if name == "highlight":
        return f"\n```{first}\n" if first else "\n```\n"
    if name and name not in ("comment", "details", "summary", "param"):
        lost.append(name)
    return ""


def _arguments(text: str) -> tuple[dict[str, str], list[str]]:
    named: dict[str, str] = {}
    plain: list[str] = []
    for key, *values, quoted, bare in _ARGUMENT.findall(text):
        if key:
            named[key] = next((v for v in values if v), "")
        else:
            plain.append(quoted or bare)
    return named, plain


def _figure(named: dict[str, str]) -> str:
    alt = f' alt="{escape(named["alt"])}"' if "alt" in named else ""
    caption = escape(named.get("caption") or named.get("title") or "")
    caption = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure><img src="{escape(named.get("src", ""))}"{alt}>{caption}</figure>'


def jekyll(text: str) -> tuple[str, list[str]]:
    """(text without Liquid, what was lost). ``highlight`` becomes a code fence, the site's address nothing."""
    lost: list[str] = []
    if "{%" not in text and "{{" not in text:
        return text, lost
    return _LIQUID.sub(lambda found: _liquid(found, lost), text), lost


def _on_own_line(found: re.Match[str], text: str) -> str:
    before, after = (
        found.string[max(found.start() - 1, 0) : found.start()],
        found.string[found.end() : found.end() + 1],
    )
    return ("" if before in ("", "\n") else "\n") + text + ("" if after in ("", "\n") else "\n")


def _liquid(found: re.Match[str], lost: list[str]) -> str:
    if found[1] is None:
        value = (found[2] or "").strip()
        if not value.startswith(("site.baseurl", "site.url", "page.")):
            lost.append(" ".join(value[:40].split()))
        return ""
    name, _, rest = " ".join(found[1].split()).strip("- ").partition(" ")
    if name == "highlight":
        return _on_own_line(found, f"```{rest.split(' ')[0]}")
    if name == "endhighlight":
        return _on_own_line(found, "```")
    if name in ("link", "post_url") and rest:
        return re.sub(r"\.\w+\Z", "/", f"/{rest.strip().lstrip('/')}")
    if name not in ("raw", "endraw", "comment", "endcomment"):
        lost.append(name)
    return ""
