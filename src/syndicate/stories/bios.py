"""Who wrote it, as shown to a reader: names in their language, bios in the nearest language there is."""

from collections.abc import Mapping, Sequence

from syndicate.languages import match
from syndicate.model import Article, Author, Bio, Byline, Credit


def bylines(
    article: Article,
    authors: Mapping[str, Author],
    reader_language: str,
    site_languages: Sequence[str],
) -> tuple[Byline, ...]:
    """Authors, then translators, each once; somebody unknown is shown by the printed name alone."""
    written = [_byline(c, authors.get(c.key), reader_language, site_languages) for c in article.authors]
    keys = {c.key for c in article.authors}
    translated = [
        _byline(c, authors.get(c.key), reader_language, site_languages, is_translator=True)
        for c in article.translators
        if c.key not in keys
    ]
    return tuple({byline.key: byline for byline in (*written, *translated)}.values())


def best_bio(bios: Sequence[Bio], reader_language: str, site_languages: Sequence[str]) -> Bio | None:
    """The bio in the reader's language, else along the site's order, else any; it says its own language."""
    by_language = {bio.language: bio for bio in bios}
    for wanted in (reader_language, *site_languages, *sorted(by_language)):
        found = match(wanted, by_language)
        if found:
            return by_language[found]
    return None


def _byline(
    credit: Credit,
    author: Author | None,
    reader_language: str,
    site_languages: Sequence[str],
    is_translator: bool = False,
) -> Byline:
    if author is None:
        return Byline(credit.key, credit.name, is_translator)
    return Byline(
        key=credit.key,
        name=author.name_in(reader_language),
        is_translator=is_translator,
        photo=author.photo,
        url=author.links[0].url if author.links else "",
        links=author.links,
        bio=best_bio(author.bios, reader_language, site_languages),
    )
