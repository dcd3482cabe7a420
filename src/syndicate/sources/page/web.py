"""A page captured as HTML: the article found among all that stands around it."""

import json
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from syndicate import languages
from syndicate.model import LanguageTagError
from syndicate.sources.clean import tree
from syndicate.sources.clean.tree import Element
from syndicate.sources.page import marks
from syndicate.sources.page.capture import Capture

_AROUND = re.compile(
    r"(?:^|[\s_-])(?:share|sharing|social|sharedaddy|related|similar|jp-relatedposts|comments?|breadcrumbs?"
    r"|newsletter|sidebar|cookie|advert|post-nav|navigation|wpml-ls\S*|author-?box|author-?bio|about-author)(?:$|[\s_-])",
    re.IGNORECASE,
)
_NEVER = ("nav", "aside", "script", "style", "form", "footer", "noscript", "template", "button")
_AUTHOR = re.compile(r"(?:^|[\s_-])author[\w-]*name|(?:^|\s)(?:author|byline|fn)(?:$|\s)", re.IGNORECASE)
_BIO = re.compile(r"author[\w-]*(?:bio|desc|description|about)|about-author", re.IGNORECASE)
_LEAVES = ("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "div", "span")
_BLOCKS = (
    "p",
    "ol",
    "ul",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "figure",
    "table",
    "pre",
    "div",
    "section",
)


def capture(data: bytes) -> Capture:
    """Read a page of HTML; its encoding is what it says, else UTF-8."""
    page = _parse(data)
    if page is None:
        return Capture("", "")
    linked = dict(_linked_data(page))
    said = _said(page, linked)
    alternates, also = _alternates(page, said.get("language", ""))
    author, bio = _author(page, linked)
    container = _container(page)
    _strip(container)
    title = _title(page, linked)
    also = _drop_opening(container, title) or also
    end = _cut_ending(container)
    body = tree.escape(container.text or "") + "".join(_text(child) for child in container)
    text = tree.plain_text(bio) if bio is not None else end.bio
    bio_html = _text(bio) if bio is not None else end.bio
    tags = tuple(_metas(page, "article:tag"))
    return Capture(title, body, also, author or end.name, bio_html, text, said, alternates, tags)


def _text(node: Element) -> str:
    return str(lxml_html.tostring(node, encoding="unicode"))


def _parse(data: bytes) -> Element | None:
    data = data.replace(b"\0", b"") if data[:2] not in (b"\xff\xfe", b"\xfe\xff") else data
    is_utf8 = True
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        is_utf8 = False
    parser = lxml_html.HTMLParser(
        encoding="utf-8" if is_utf8 else None, remove_comments=True, remove_pis=True
    )
    try:
        return lxml_html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _linked_data(page: Element) -> Iterator[tuple[str, Any]]:
    """The members of the page's Article in JSON-LD (schema.org)."""
    for script in page.iter("script"):
        if script.get("type") != "application/ld+json" or len(script.text or "") > 200_000:
            continue
        try:
            data = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        things = data.get("@graph", [data]) if isinstance(data, dict) else data
        for thing in things if isinstance(things, list) else ():
            if isinstance(thing, dict) and "Article" in str(thing.get("@type"))[:200].replace(
                "BlogPosting", "Article"
            ):
                yield from thing.items()


def _metas(page: Element, *names: str) -> Iterator[str]:
    for meta in page.iter("meta"):
        if (meta.get("property") or meta.get("name") or "").lower() in names and meta.get("content"):
            yield languages.visible(meta.get("content", ""))


def _said(page: Element, linked: dict[str, Any]) -> dict[str, str]:
    canonical = (link.get("href", "") for link in page.iter("link") if link.get("rel") == "canonical")
    times = (time.get("datetime", "") for time in page.iter("time") if time.get("datetime"))
    found = {
        "date": next(_metas(page, "article:published_time"), "")
        or _word(linked.get("datePublished"))
        or next(times, ""),
        "updated": next(_metas(page, "article:modified_time"), "") or _word(linked.get("dateModified")),
        "url": next(canonical, "") or next(_metas(page, "og:url"), ""),
        "language": page.get("lang", "") or next(_metas(page, "og:locale"), ""),
        "summary": next(_metas(page, "description", "og:description"), ""),
    }
    return {key: value for key, value in found.items() if value}


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _title(page: Element, linked: dict[str, Any]) -> str:
    said = next(_metas(page, "og:title"), "") or _word(linked.get("headline"))
    heading = next((tree.plain_text(h) for h in page.iter("h1") if tree.plain_text(h)), "")
    return languages.visible(heading or said or page.findtext(".//title") or "")


def _alternates(page: Element, own: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(addresses of all versions, languages of the others)."""
    found: dict[str, str] = {}
    for link in page.iter("link"):
        if link.get("rel") != "alternate" or not link.get("href"):
            continue
        try:
            found[languages.normalise(link.get("hreflang", ""))] = link.get("href", "")
        except LanguageTagError:  # x-default and nonsense
            continue
    others = tuple(tag for tag in found if tag.split("-")[0] != own.replace("_", "-").split("-")[0].lower())
    return tuple(sorted(found.values())), others


def _author(page: Element, linked: dict[str, Any]) -> tuple[str, Element | None]:
    """(name, element of the bio)."""
    said = linked.get("author")
    said = said[0] if isinstance(said, list) and said else said
    name = _word(said.get("name")) if isinstance(said, dict) else _word(said)
    name = name or next(_metas(page, "author", "article:author"), "")
    bio = None
    for node in page.iter(*_LEAVES, "a"):
        label = f"{node.get('class', '')} {node.get('itemprop', '')}"
        if not name and (node.get("rel") == "author" or _AUTHOR.search(label)):
            name = tree.plain_text(node) if marks.is_name(tree.plain_text(node)) else name
        if bio is None and _BIO.search(label) and len(tree.plain_text(node)) > 40:
            bio = node
    return languages.visible(name if not name.startswith("http") else ""), bio


def _container(page: Element) -> Element:
    """The element that holds the article: the first kind that there is, the one with most text."""
    kinds: tuple[list[Element], ...] = (
        [e for e in page.iter() if e.get("itemprop") == "articleBody"],
        [e for e in page.iter() if "entry-content" in (e.get("class") or "").split()],
        list(page.iter("article")),
        list(page.iter("main")),
        list(page.iter("body")),
    )
    for found in kinds:
        best = max(found, key=lambda e: len(tree.text_of(e)), default=None)
        if best is not None and tree.text_of(best).strip():
            return best
    return page


def _strip(container: Element) -> None:
    for node in list(container.iter()):
        if node is container or not isinstance(node.tag, str):
            continue
        label = f"{node.get('class', '')} {node.get('id', '')}"
        if node.tag in _NEVER or _AROUND.search(label):
            tree.remove(node)


def _blocks(container: Element) -> list[Element]:
    """Blocks that hold no other block, but lists whole."""
    found = []
    for node in container.iter(*_BLOCKS):
        inner = next(node.iterdescendants(*_BLOCKS), None) is not None
        listed = next(node.iterancestors("ol", "ul"), None) is not None
        if node is not container and not listed and (not inner or node.tag in ("ol", "ul")):
            found.append(node)
    return [node for node in found if tree.plain_text(node)]


def _drop_opening(container: Element, title: str) -> tuple[str, ...]:
    """Take the title and the "also available in" line out of the body; returns the languages of the line."""
    for node in container.findall(".//h1"):
        if languages.visible(tree.plain_text(node)) == title:
            tree.remove(node)
    for node in _blocks(container)[:5]:
        if also := marks.also_in(tree.plain_text(node).replace("\n", " ")):
            tree.remove(node)
            return also
    return ()


def _cut_ending(container: Element) -> marks.Ending:
    blocks = _blocks(container)
    end = marks.ending([tree.plain_text(node).replace("\n", " ") for node in blocks])
    for node in blocks[end.start :]:
        tree.remove(node)
    return end
