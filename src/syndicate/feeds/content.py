"""The HTML of an entry: the body, then its notes, who wrote it, what to read next.

Every appended part has a class (and a role where ARIA has one), so that readers can style it or skip it::

    <div lang dir>
      <aside class="correction">            when the newsroom says what it corrected
      <figure class="lead-image">           unless the body shows that image itself
      …the body…
      <section class="footnotes" role="doc-endnotes">
      <aside class="author-bio" lang dir>   for every author and translator, in the bio's own language
      <nav class="similar-posts">           not on archive pages

``lang`` and ``dir`` are repeated in the HTML because few readers pass ``xml:lang`` on to what they show.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from syndicate.feeds.text import attribute, legal, web
from syndicate.languages import Catalogue, catalogue, direction, format_date, name_in
from syndicate.model import Article, Byline, CompleteArticle, Footnote, Image, SimilarPost, Site

_TAG = re.compile(r"""<[a-zA-Z](?:[^<>"']|"[^"]*"|'[^']*')*>""")
_ID = re.compile(r"""(\sid=["'])([^"'\s]+)(?=["'])""")
_ANCHOR = re.compile(r"""(\shref=["'])#([^"'\s]*)(?=["'])""")


def content(complete: CompleteArticle, site: Site, *, with_similar: bool) -> str:
    """The fragment, XML-legal, with no relative address in it."""
    article = complete.article
    words = catalogue(article.language)
    parts = (
        _correction(article, site, words),
        _lead_image(article),
        legal(article.body_html),
        _footnotes(article, words),
        *_bios(complete.bylines, article.language, words),
        _similar(complete.similar, article.language, words) if with_similar else "",
    )
    inner = scoped("\n".join(filter(None, parts)), article.id, web(article.url))
    return f"<div{spoken_in(article.language)}>\n{inner}\n</div>"


def spoken_in(language: str, outer: str = "") -> str:
    """The attributes ``lang`` and ``dir``, unless ``outer`` says the same already."""
    return "" if language == outer else f' lang="{attribute(language)}" dir="{direction(language)}"'


def scoped(html: str, article_id: str, url: str) -> str:
    """``html`` with ids of its own, because a reader shows many articles on one page.

    ``fn-1`` becomes ``fn-1-`` and eight hex digits: an ending, because readers that open notes in place look for
    ``#fn``. Links within become absolute, since readers disagree about what a bare ``#fn-1`` is relative to.
    """
    ending = "-" + sha256(article_id.encode("utf-8", "replace")).hexdigest()[:8]
    tags = (tag.group() for tag in _TAG.finditer(html))
    known = {m.group(2) for tag in tags if "id=" in tag for m in _ID.finditer(tag)}

    def link(found: re.Match[str]) -> str:
        before, target = found.groups()
        return f"{before}{attribute(url)}#{target}{ending if target in known else ''}"

    def tag(found: re.Match[str]) -> str:
        text = found.group()
        return _ANCHOR.sub(link, _ID.sub(rf"\1\2{ending}", text)) if "id=" in text or "#" in text else text

    return _TAG.sub(tag, html)


def _correction(article: Article, site: Site, words: Catalogue) -> str:
    if not article.state_note:
        return ""
    when = (article.updated or article.changed).astimezone(ZoneInfo(site.timezone))
    date = format_date(when, article.language, "long")
    said = words.gettext("Corrected on {date}", date=date)
    note = f"<strong>{attribute(said)}</strong><br>{attribute(article.state_note)}"
    return f'<aside class="correction"><p>{note}</p></aside>'


def _lead_image(article: Article) -> str:
    image = next((i for i in article.images if web(i.url)), None)
    if image is None or attribute(image.url) in article.body_html or web(image.url) in article.body_html:
        return ""
    caption = f"<figcaption>{attribute(image.caption)}</figcaption>" if image.caption else ""
    return f'<figure class="lead-image">{_img(image)}{caption}</figure>'


def _img(image: Image) -> str:
    size = f' width="{image.width}" height="{image.height}"' if image.width and image.height else ""
    return f'<img src="{attribute(web(image.url))}" alt="{attribute(image.alt)}"{size}>'


def _footnotes(article: Article, words: Catalogue) -> str:
    items = "\n".join(_footnote(note, article.body_html, words) for note in article.footnotes)
    if not items:
        return ""
    heading = f"<h2>{attribute(words.gettext('Footnotes'))}</h2>"
    return f'<section class="footnotes" role="doc-endnotes">{heading}\n<ol>\n{items}\n</ol></section>'


def _footnote(note: Footnote, body: str, words: Catalogue) -> str:
    """A note with a way back to each place that refers to it."""
    label = attribute(words.gettext("Back to text"))
    places = [f"{note.number}-{n}" if n > 1 else f"{note.number}" for n in range(1, note.references + 1)]
    found = [place for place in places if f'id="fnref-{place}"' in body]
    back = "".join(_back_link(place, n, label) for n, place in enumerate(found, 1))
    return f'<li id="fn-{note.number}" value="{note.number}">{legal(note.html)}{back}</li>'


def _back_link(place: str, n: int, label: str) -> str:
    """``↩`` with the variation selector that keeps it from being drawn as an emoji."""
    which = f"<sup>{n}</sup>" if n > 1 else ""
    return f' <a class="footnote-back" href="#fnref-{place}" role="doc-backlink" aria-label="{label}">↩︎{which}</a>'


def _bios(bylines: Iterable[Byline], language: str, words: Catalogue) -> tuple[str, ...]:
    """One aside for each person, also for one who both wrote and translated."""
    people = {byline.key or byline.name: byline for byline in reversed(tuple(bylines))}
    return tuple(_bio(byline, language, words) for byline in reversed(people.values()))


def _bio(byline: Byline, language: str, words: Catalogue) -> str:
    own = byline.bio.language if byline.bio else language
    outer = spoken_in(language, own)
    parts = (
        f"<h2{outer}>{_role(byline, words)}</h2>",
        _portrait(byline, outer),
        f'<div class="author-about">{legal(byline.bio.html)}</div>' if byline.bio else "",
        _links(byline, outer),
    )
    return f'<aside class="author-bio"{spoken_in(own)}>{"".join(parts)}</aside>'


def _role(byline: Byline, words: Catalogue) -> str:
    """The heading; it holds the name itself where no line of its own follows."""
    name = _linked(byline.name, byline.url)
    if byline.is_translator:
        return words.gettext("Translated by {names}", names=name)
    return (
        attribute(words.gettext("About the author"))
        if byline.bio
        else words.gettext("By {names}", names=name)
    )


def _portrait(byline: Byline, outer: str) -> str:
    """Photo and name. Only the width is given, so that no photo is squeezed."""
    photo = f'<img src="{attribute(web(byline.photo))}" alt="" width="64">' if web(byline.photo) else ""
    is_named = byline.is_translator or not byline.bio
    name = "" if is_named else f"<strong>{_linked(byline.name, byline.url)}</strong>"
    inner = " ".join(filter(None, (photo, name)))
    return f'<p class="author-name"{outer}>{inner}</p>' if inner else ""


def _linked(label: str, url: str) -> Markup:
    text = escape(legal(label))
    return Markup('<a href="{}">{}</a>').format(web(url), text) if web(url) else text


def _links(byline: Byline, outer: str) -> str:
    links = " · ".join(_linked(link.label, link.url) for link in byline.links if web(link.url))
    return f'<p class="author-links"{outer}>{links}</p>' if links else ""


def _similar(posts: Iterable[SimilarPost], language: str, words: Catalogue) -> str:
    items = "\n".join(_post(post, language) for post in posts if web(post.url))
    if not items:
        return ""
    heading = attribute(words.gettext("Similar posts"))
    return f'<nav class="similar-posts" aria-label="{heading}"><h2>{heading}</h2>\n<ul>\n{items}\n</ul></nav>'


def _post(post: SimilarPost, language: str) -> str:
    """A post in another language says so, in the words of the article's language."""
    url, title, spoken = attribute(web(post.url)), attribute(post.title), spoken_in(post.language, language)
    marked = post.marked or bool(spoken)
    hreflang = f' hreflang="{attribute(post.language)}"' if marked else ""
    mark = f" <small>({attribute(name_in(post.language, language))})</small>" if marked else ""
    return f'<li><a href="{url}"{hreflang}{spoken}>{title}</a>{mark}</li>'
