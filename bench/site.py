"""A newsroom of any size, invented but shaped like a real one, the same for the same numbers every time.

Sentences are those of the sample newsroom in this repository, taken apart and joined anew; a third of their words
are changed for others of the same language, so that no two articles share lines and the archive of similar posts
has as much to do as with real ones.
"""

import csv
import random
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

SAMPLE = Path(__file__).resolve().parent.parent / "articles"
SITE = "https://newsroom.example.org"
LANGUAGES = ("tr", "en", "ru", "ar", "zh")
SHARES = {"tr": 0.86, "en": 0.88, "ru": 0.84, "ar": 0.12, "zh": 0.08}
"""In how many of the stories there is a version in each language: 2.78 versions a story."""
NEWEST = datetime(2026, 6, 30, 9, 0, tzinfo=UTC)
YEARS = 5
AUTHORS, TAGS = 60, 40
_CUT = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
_MARKUP = re.compile(r"<[^>]*>|!\[[^\]]*\]\([^)]*\)|\[\^[^\]]+\]:?|[*_#>`|]|^\s*(?:\d+\.|-)\s+", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A folder with ``config.toml``, ``articles/`` and ``subscribers/``; ``articles`` is how many files it has."""

    folder: Path
    stories: int
    articles: int
    authors: int = AUTHORS
    tags: int = TAGS

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"


@dataclass(frozen=True, slots=True)
class _Speech:
    """What can be said in one language: sentences of the sample by story, and all of its words."""

    themes: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]


def build(
    folder: Path, articles: int, subscribers: int = 1000, authors: int = AUTHORS, tags: int = TAGS
) -> Newsroom:
    """Write a newsroom of ``articles`` files into the empty ``folder``."""
    speech = {language: _speech(language) for language in LANGUAGES}
    _write(folder / "config.toml", CONFIG)
    _write_people(folder / "articles", speech, authors)
    _write_tags(folder / "articles", speech, tags)
    _write_subscribers(folder / "subscribers" / "readers.csv", subscribers)
    stories = written = 0
    days = 365 * YEARS
    total = max(1, round(articles / sum(SHARES.values())))
    while written < articles:
        at = NEWEST - timedelta(days=days) + timedelta(minutes=days * 1440 * stories / (total + 1))
        languages = _languages(stories)[: articles - written]
        room = Newsroom(folder, stories, written, authors, tags)
        _write_story(room, stories, languages, min(at, NEWEST), speech)
        stories, written = stories + 1, written + len(languages)
    return Newsroom(folder, stories, written, authors, tags)


def add_story(room: Newsroom, number: int, language: str = "en", days: int = 7) -> Path:
    """One more story in one language, published ``days`` after the newest; returns its file."""
    speech = {language: _speech(language)}
    at = NEWEST + timedelta(days=days)
    return _write_story(room, number, (language,), at, speech)[0]


def correct(path: Path) -> None:
    """Add a paragraph to an article, as a correction would."""
    text = path.read_text("utf-8")
    body, mark, notes = text.partition("\n[^1]: ")
    path.write_text(f"{body}\nCorrection: an earlier version named the wrong year.\n{mark}{notes}", "utf-8")


def path_of(room: Newsroom, number: int, language: str) -> Path:
    """The file of a story's version; it need not be there."""
    return room.folder / "articles" / slug_of(number) / f"index.{language}.md"


def slug_of(number: int) -> str:
    return f"story-{number:05}"


def text(language: str, words: int, seed: int) -> str:
    """Plain prose of about ``words`` words."""
    return " ".join(_sentences(random.Random(seed), _speech(language), words))


def _languages(number: int) -> tuple[str, ...]:
    """In which languages a story is told: at least one."""
    rng = random.Random(f"languages {number}")
    told = tuple(language for language in LANGUAGES if rng.random() < SHARES[language])
    return told or ("en",)


def _speech(language: str) -> _Speech:
    """All that the sample newsroom says in ``language``."""
    themes = tuple(filter(None, (_prose(p) for p in sorted(SAMPLE.glob(f"*/index.{language}.md")))))
    words = sorted({w for theme in themes for s in theme for w in _words(s, language) if len(w) > 1})
    return _Speech(themes, tuple(words))


def _prose(path: Path) -> tuple[str, ...]:
    """The sentences of an article, without markup."""
    body = path.read_text("utf-8").split("---", 2)[-1].split("\n[^1]:")[0]
    plain = _MARKUP.sub("", _LINK.sub(r"\1", body))
    return tuple(s.strip() for s in _CUT.split(plain.replace("\n", " ")) if len(s.strip()) > 12)


def _words(sentence: str, language: str) -> list[str]:
    """Words; in Chinese, pairs of characters."""
    if language == "zh":
        return [sentence[n : n + 2] for n in range(0, len(sentence), 2)]
    return sentence.split()


def _sentences(rng: random.Random, speech: _Speech, words: int) -> Iterator[str]:
    """Sentences of about ``words`` words, most from three of the sample's stories: a theme of their own."""
    language = "zh" if " " not in speech.themes[0][0] else ""
    themes = rng.sample(speech.themes, min(3, len(speech.themes)))
    vocabulary = rng.sample(speech.words, min(240, len(speech.words)))
    while words > 0:
        theme = rng.choice(themes) if rng.random() < 0.8 else rng.choice(speech.themes)
        sentence = _words(rng.choice(theme), language)
        words -= len(sentence)
        mixed = [rng.choice(vocabulary) if rng.random() < 0.33 else word for word in sentence]
        yield ("" if language == "zh" else " ").join(mixed)


def _write_story(
    room: Newsroom, number: int, languages: Sequence[str], at: datetime, speech: dict[str, _Speech]
) -> list[Path]:
    folder = room.folder / "articles"
    rng = random.Random(f"story {number}")
    has_picture = rng.random() < 0.5
    authors = rng.sample(range(room.authors), 1 + (rng.random() < 0.2))
    tags = rng.sample(range(room.tags), rng.randint(2, 5))
    words = rng.randint(300, 900)
    if has_picture:
        _write(folder / slug_of(number) / "cover.png", _png(number))
    made = []
    for language in languages:
        body = _body(
            random.Random(f"{number} {language}"), speech[language], words, number, language, has_picture
        )
        head = _head(random.Random(f"head {number} {language}"), speech[language], at, authors, tags)
        made.append(_write(folder / slug_of(number) / f"index.{language}.md", head + body))
    return made


def _head(
    rng: random.Random, speech: _Speech, at: datetime, authors: Sequence[int], tags: Sequence[int]
) -> str:
    title, summary = _title(rng, speech), " ".join(_sentences(rng, speech, 20)).replace('"', "'")
    people = ", ".join(f"author-{n:02}" for n in authors)
    topics = ", ".join(f"topic-{n:02}" for n in tags)
    when = at.replace(microsecond=0).isoformat()
    return (
        f'---\ntitle: "{title}"\ndate: {when}\nauthors: [{people}]\ntags: [{topics}]\n'
        f'summary: "{_quoted(summary)}"\n---\n'
    )


def _title(rng: random.Random, speech: _Speech) -> str:
    return _quoted(" ".join(rng.choice(speech.words) for _ in range(rng.randint(4, 9)))).strip(":-")


def _quoted(text: str) -> str:
    return text.replace("\\", "").replace('"', "'")


def _body(
    rng: random.Random, speech: _Speech, words: int, number: int, language: str, has_picture: bool
) -> str:
    parts: list[str] = []
    left = words
    while left > 0:
        size = rng.randint(50, 110)
        parts.append(" ".join(_sentences(rng, speech, size)))
        left -= size
    parts.insert(2, f"## {_title(rng, speech)}")
    parts.insert(4, "\n".join(f"- {' '.join(_sentences(rng, speech, 6))}" for _ in range(3)))
    parts.insert(5, "> " + " ".join(_sentences(rng, speech, 20)))
    parts[0] += "[^1]"
    parts[1] += "[^2]"
    if has_picture:
        parts.insert(3, f"![{_title(rng, speech)}](cover.png)")
    if number:
        parts.append(_link(rng, speech, number, language))
    notes = [
        f"[^{n}]: {' '.join(_sentences(rng, speech, 12))} <https://example.com/note/{number}>" for n in (1, 2)
    ]
    return "\n\n".join(parts) + "\n\n" + "\n".join(notes) + "\n"


def _link(rng: random.Random, speech: _Speech, number: int, language: str) -> str:
    older = max(0, number - rng.randint(1, 400))
    return f"[{_title(rng, speech).replace('[', '').replace(']', '')}]({SITE}/{language}/{slug_of(older)}/)"


def _write_people(folder: Path, speech: dict[str, _Speech], number: int) -> None:
    first = ("Ayşe", "Ivan", "Omar", "Chen", "Leyla", "Nurlan", "Tamar", "Emre", "Irina", "Farid")
    last = ("Demir", "Orlov", "Haddad", "Wei", "Mammadova", "Abenov")
    for n in range(number):
        rng = random.Random(f"author {n}")
        known = LANGUAGES[: 1 + n % 3]
        bios = "".join(f"  {x}: |\n    {' '.join(_sentences(rng, speech[x], 50))}\n" for x in known)
        name = f"{first[n % len(first)]} {last[n // len(first)]}"
        _write(
            folder / "_authors" / f"author-{n:02}.yaml", f"name: {name}\nphoto: p{n:02}.png\nbios:\n{bios}"
        )
        _write(folder / "_authors" / f"p{n:02}.png", _png(100_000 + n))


def _write_tags(folder: Path, speech: dict[str, _Speech], number: int) -> None:
    rng = random.Random("tags")
    for_each = {x: [w for w in speech[x].words if w.isalpha()] for x in LANGUAGES}
    lines = [
        f"topic-{n:02}: {{{', '.join(f'{x}: {rng.choice(for_each[x])!r}' for x in LANGUAGES)}}}\n"
        for n in range(number)
    ]
    _write(folder / "_tags.yaml", "".join(lines))


def _write_subscribers(path: Path, number: int) -> None:
    zones = ("Europe/Istanbul", "Asia/Almaty", "Europe/London", "Asia/Dubai", "Asia/Shanghai")
    head = ("email", "name", "languages", "timezone", "newsletters", "cadence", "status")
    consent = ("consent_at", "consent_source")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow((*head, *consent))
        for n in range(number):
            rng = random.Random(f"reader {n}")
            reads = " ".join(rng.sample(LANGUAGES[:3], rng.randint(1, 3)))
            row = (
                f"reader{n}@lists.example.com",
                f"Reader {n}",
                reads,
                rng.choice(zones),
                "weekly",
                "",
                "active",
            )
            out.writerow((*row, f"{date(2026, 1, 1)}T00:00:00Z", "form:/en/subscribe"))


def _png(seed: int) -> bytes:
    """A small picture of its own for each ``seed``: 160 by 90 pixels, one colour and a bar."""
    rng = random.Random(f"picture {seed}")
    row = b"\0" + bytes(rng.randrange(256) for _ in range(3)) * 160
    bar = b"\0" + seed.to_bytes(3, "big") * 160
    data = zlib.compress(bar * 9 + row * 81, 6)
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", 160, 90, 8, 2, 0, 0, 0)), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


CONFIG = f"""\
[site]
name = {{ en = "Newsroom", tr = "Haber odası", ru = "Редакция", ar = "غرفة الأخبار", zh = "编辑部" }}
description = {{ en = "News of everything" }}
url = "{SITE}"
public_url = "https://news.newsroom.example.org"
id_authority = "newsroom.example.org,2026"
languages = ["tr", "en", "ru", "ar", "zh"]
timezone = "Europe/Istanbul"
postal_address = "Newsroom, 1 Example Street, Istanbul"

[mail]
from_address = "letters@news.newsroom.example.org"
unsubscribe_address = "leave@news.newsroom.example.org"

[[sources]]
name = "articles"
kind = "markdown"
path = "articles"
url = "{SITE}/{{language}}/{{slug}}/"
authors = "articles/_authors"
tags = "articles/_tags.yaml"

[newsletters.weekly]
title = {{ en = "Weekly" }}
cadence = "weekly"
weekday = "monday"
at = "08:00"
fallback = ["en"]
maximum_stories = 10
"""
