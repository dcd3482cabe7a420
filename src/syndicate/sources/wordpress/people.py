"""Who wrote it: WordPress users, Co-Authors Plus (guest authors too), and their bios in each language.

``description`` is in the language of the request where WPML or Polylang translate it (``?lang=``); otherwise a bio is
in one language that nobody names, and is detected. Polylang keeps the others as ``description_{lang}``.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from syndicate.languages import detect, match, normalise
from syndicate.model import Author, Bio, Credit, LanguageTagError, Link
from syndicate.sources import clean
from syndicate.sources.lines import credit, line

Json = dict[str, Any]

_BIO_FIELD = re.compile(r"description_([a-z]{2,3}(?:[_-][A-Za-z]{2,4})?)\Z")
_UNDETECTED = "und"


def person(user: Json) -> Credit | None:
    """A user, an embedded author or a co-author as a credit; None for an error object or a nameless one."""
    if "code" in user:
        return None
    key = user.get("slug") or user.get("user_nicename") or ""
    return credit(_text(user.get("name") or user.get("display_name")), _text(key))


def author(
    who: Credit, versions: Iterable[tuple[str, Json]], languages: Sequence[str], base_url: str
) -> Author:
    """The author behind ``who`` from what was said of them in each language pass ("" = in none)."""
    said = list(versions)
    bios: dict[str, Bio] = {}
    for language, html in _descriptions(said, languages):
        cleaned = clean.fragment(html, base_url=base_url, language=language, place=base_url)
        if cleaned.text:
            bios.setdefault(language, Bio(language, cleaned.html, cleaned.text))
    users = [user for _, user in said]
    return Author(who.key, who.name, photo=_photo(users), links=_links(users), bios=tuple(bios.values()))


def _descriptions(said: Sequence[tuple[str, Json]], languages: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(language, HTML) of each bio. What only one of several passes brought is in the language of that pass;
    what several brought is untranslated, or a fallback, and its language is detected."""
    texts = {language: _description(user) for language, user in said}
    uses = Counter(texts.values())
    for language, html in texts.items():
        text = line(html)
        is_translated = bool(language) and uses[html] == 1 and len(texts) > 1
        guess = language if is_translated else detect(text, tuple(languages)).language
        if text and (guess != _UNDETECTED or language):
            yield (language if guess == _UNDETECTED else guess), html
    for _, user in said:
        yield from _fields(user, languages)


def _fields(user: Json, languages: Sequence[str]) -> Iterator[tuple[str, str]]:
    meta = user.get("meta")
    for name, value in [*user.items(), *(meta.items() if isinstance(meta, dict) else ())]:
        found = _BIO_FIELD.match(name)
        value = value[0] if isinstance(value, list) and value else value
        if found and isinstance(value, str) and value:
            with suppress(LanguageTagError):
                tag = normalise(found[1])
                yield match(tag, languages) or tag, value


def _description(user: Json) -> str:
    """Users have a plain string, co-authors ``{raw, rendered}``."""
    value = user.get("description")
    if isinstance(value, dict):
        value = value.get("rendered") or value.get("raw")
    return _text(value)


def _photo(users: Sequence[Json]) -> str:
    """The largest avatar there is."""
    for user in users:
        sizes = user.get("avatar_urls")
        if isinstance(sizes, dict) and sizes:
            best = max(sizes, key=lambda size: int(size) if str(size).isdecimal() else 0)
            return _web_address(sizes[best])
    return ""


def _links(users: Sequence[Json]) -> tuple[Link, ...]:
    """The page they name as their own; not the author archive, which is ours to make."""
    addresses = [_web_address(user.get("url")) for user in users]
    return tuple(Link(_host(url), url) for url in dict.fromkeys(addresses) if url)


def _web_address(value: Any) -> str:
    from syndicate.sources.clean.addresses import absolute

    url = absolute(_text(value), "")
    return url if url.startswith(("http://", "https://")) else ""


def _host(url: str) -> str:
    return line(url.split("/")[2]).removeprefix("www.")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
