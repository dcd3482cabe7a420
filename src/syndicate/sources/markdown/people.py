"""Authors' files, the tags' file, and names as front matter writes them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from syndicate import languages
from syndicate.model import Author, Bio, Credit, LanguageTagError, Link, MediaFile, Problem, Tag
from syndicate.sources import clean
from syndicate.sources.front_matter import load_yaml
from syndicate.sources.markdown import rendering
from syndicate.sources.media import Gallery, is_local

_EMAIL = re.compile(r"\s*<[^<>@\s]+@[^<>\s]+>")
_MOST_PEOPLE = 50
_AND = re.compile(r"\s+(?:and|ve|и|&|және|və|und|et|y)\s+|\s*;\s*")


@dataclass(frozen=True, slots=True)
class Person:
    """An authors' file as read: the author, portraits to serve, warnings."""

    author: Author
    media: tuple[MediaFile, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_author(text: str, key: str, path: Path, media_url: str, place: str) -> Person:
    """One ``authors/<key>.yaml``. Raises FrontMatterError when it is no YAML mapping."""
    values = _mapping(text)
    problems: list[Problem] = []
    gallery = Gallery(path.parent, path.parent, media_url, place)
    author = replace(
        _named_author(values, key, place, problems),
        photo=_photo(_text(values.get("photo")), gallery),
        links=tuple(_links(values.get("links"))),
        bios=tuple(_bios(values.get("bios"), place, problems)),
    )
    return Person(author, tuple(gallery.files.values()), (*problems, *gallery.problems))


def read_name(text: str, key: str) -> Author:
    """Only key and names of :func:`read_author`, at a fraction of its cost. Raises FrontMatterError."""
    return _named_author(_mapping(text), key, "", [])


def _mapping(text: str) -> dict[object, object]:
    values = load_yaml(text)
    return values if isinstance(values, dict) else {}


def _named_author(values: Mapping[object, object], key: str, place: str, problems: list[Problem]) -> Author:
    named = _by_language(values.get("names"), place, problems)
    return Author(
        key=languages.slug(key),
        name=languages.visible(_text(values.get("name"))) or key,
        names=tuple((tag, languages.visible(one)) for tag, one in named),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def _by_language(value: object, place: str, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    for tag, text in value.items() if isinstance(value, dict) else ():
        # YAML 1.1 reads an unquoted Norwegian ``no`` as false
        tag = "no" if tag is False else _text(tag)
        try:
            yield languages.normalise(tag), _text(text)
        except LanguageTagError as error:
            problems.append(Problem(place, str(error), "name the language by its tag", fatal=False))


def _photo(reference: str, gallery: Gallery) -> str:
    if not reference or not is_local(reference):
        return reference if reference.startswith(("https://", "http://")) else ""
    found = gallery.locate(reference)
    return found[0] if found else ""


def _links(value: object) -> Iterator[Link]:
    for one in value if isinstance(value, list) else ():
        url = _text(one.get("url")) if isinstance(one, dict) else _text(one)
        label = languages.visible(_text(one.get("label"))) if isinstance(one, dict) else ""
        if url.startswith(("https://", "http://")) and url.isprintable() and " " not in url:
            yield Link(label or url.split("/")[2], url)


def _bios(value: object, place: str, problems: list[Problem]) -> Iterator[Bio]:
    for tag, text in _by_language(value, place, problems):
        done = clean.fragment(rendering.html(text), base_url="", language=tag, place=place)
        problems += done.problems
        if done.text:
            yield Bio(tag, done.html, done.text)


def read_tags(text: str) -> dict[str, dict[str, str]]:
    """``{slug: {language: label}}``. Raises FrontMatterError."""
    values = load_yaml(text)
    found: dict[str, dict[str, str]] = {}
    for slug, labels in values.items() if isinstance(values, dict) else ():
        pairs = _by_language(labels, "", [])
        found[languages.slug(_text(slug))] = {tag: languages.visible(label) for tag, label in pairs}
    return found


def tags(names: Sequence[str], labels: Mapping[str, Mapping[str, str]], language: str) -> tuple[Tag, ...]:
    """Tags of an article; the tags' file gives slug and label where it knows the name in any language."""
    found: dict[str, Tag] = {}
    for name in names:
        printed = languages.visible(name)
        if not printed:
            continue
        slug = _tag_slug(printed, labels)
        known = labels.get(slug, {})
        label = known.get(language) or known.get(languages.primary(language)) or printed
        found.setdefault(slug, Tag(slug, label))
    return tuple(found.values())


def _tag_slug(name: str, labels: Mapping[str, Mapping[str, str]]) -> str:
    slug = languages.slug(name)
    if slug in labels:
        return slug
    folded = name.casefold()
    return next((s for s, known in labels.items() if folded in {x.casefold() for x in known.values()}), slug)


def credits(value: object, people: Mapping[str, Author], language: str) -> tuple[Credit, ...]:
    """Persons of an ``authors`` value: a string, a list, a list of maps."""
    found: dict[str, Credit] = {}
    for key, name in _named(value):
        credit = _credit(key, name, people, language)
        if credit.name:
            found.setdefault(credit.key, credit)
    return tuple(found.values())


def _named(value: object) -> Iterator[tuple[str, str]]:
    """(declared key or empty, name as printed). A list in a list names nobody: it may be a bomb of aliases."""
    if isinstance(value, list | tuple):
        for one in value[:_MOST_PEOPLE]:
            if not isinstance(one, list | tuple):
                yield from _named(one) if not isinstance(one, str) else [("", one)]
    elif isinstance(value, dict):
        key = next((_text(value[k]) for k in ("key", "id", "slug", "username") if k in value), "")
        yield key, _text(value.get("name")) or _text(value.get("title")) or key
    elif value is not None:
        yield from (("", name) for name in part_names(_text(value)))


def part_names(text: str) -> list[str]:
    """The persons in one string, parted only where that is safe: "Ann Lee and Bo Ek", never "Lee, Ann"."""
    text = _EMAIL.sub("", " ".join(text.split()))
    parts = [p.strip() for p in _AND.split(text) if p.strip()]
    if len(parts) > 1 and not all(" " in part or "," in part for part in parts):
        parts = [text.strip()]
    return [name for part in parts for name in _part_at_commas(part)]


def _part_at_commas(text: str) -> list[str]:
    parts = [p.strip() for p in text.split(",") if p.strip()]
    return parts if parts and all(" " in part for part in parts) else [text]


def _credit(key: str, name: str, people: Mapping[str, Author], language: str) -> Credit:
    name = _EMAIL.sub("", languages.visible(name)).strip()
    author = people.get(key) or people.get(name) or people.get(languages.slug(key or name or "-"))
    if author is None:
        return Credit(languages.slug(key or name), name)
    # a name given as a key is no name to print
    printed = author.name_in(language) if name in ("", key, author.key) else name
    return Credit(author.key, printed)
