"""A collection of articles through the product's own path, and what it recommends written down.

The form of both files is that of the evaluation: one JSON object a line, ``.gz`` accepted.
"""

import gzip
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TextIO, cast

from syndicate.model import Problem
from syndicate.stories.similar.document import Document
from syndicate.stories.similar.index import Index

_BETWEEN_AUTHORS = re.compile(r"\s*(?:[,;&、]|\band\b)\s*")


@dataclass(frozen=True, slots=True)
class Summary:
    """What was read and written. ``method`` names how the articles were ranked."""

    articles: int
    stories: int
    languages: tuple[str, ...]
    entries: int
    method: str
    problems: tuple[Problem, ...]


def evaluate(collection: Path, output: Path, k: int = 10) -> Summary:
    """Rank every article of ``collection`` (JSON Lines), and write ``{"id", "similar": [ids]}`` a line.

    Similar posts are in the article's own language. The field ``links``, where present, counts as the site's
    own internal links. A line that is no article becomes a Problem with its number. Raises OSError.
    """
    problems: list[Problem] = []
    seen: dict[str, tuple[str, str]] = {}
    index = Index.open(None)
    index.rebuild(_documents(collection, seen, problems))
    entries = 0
    with _opened(output, "w") as out:
        for id, (_, language) in seen.items():
            found = [n.article for n in index.similar(id, (language,), k)]
            entries += len(found)
            out.write(json.dumps({"id": id, "similar": found}, ensure_ascii=False) + "\n")
    stories = {story for story, _ in seen.values()}
    languages = tuple(sorted({language for _, language in seen.values()}))
    return Summary(len(seen), len(stories), languages, entries, index.method, tuple(problems))


def _documents(
    collection: Path, seen: dict[str, tuple[str, str]], problems: list[Problem]
) -> Iterator[Document]:
    with _opened(collection, "r") as lines:
        for number, line in enumerate(lines, 1):
            place = f"{collection}:{number}"
            if not line.strip():
                continue
            try:
                document = _document(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                problems.append(Problem(place, f"not an article: {error!r}", "mend or remove this line"))
                continue
            if document.id in seen:
                problems.append(
                    Problem(place, f"article id {document.id!r} a second time", "only the first counts")
                )
                continue
            if document.published.year == 1970:
                problems.append(Problem(place, "no date that can be read", "taken as of 1970", fatal=False))
            seen[document.id] = (document.story, document.language)
            yield document


def _document(row: dict[str, Any]) -> Document:
    author = row.get("author") or ""
    authors = author if isinstance(author, list) else _BETWEEN_AUTHORS.split(author)
    return Document(
        id=str(row["id"]),
        story=str(row["story"]),
        language=str(row["lang"]),
        title=str(row.get("title") or ""),
        text=str(row.get("body") or ""),
        published=_moment(str(row.get("date") or "")),
        tags=tuple(str(tag) for tag in row.get("tags") or ()),
        authors=tuple(str(name) for name in authors if name),
        links=tuple(str(link) for link in row.get("links") or ()),
    )


def _moment(date: str) -> datetime:
    """The moment of an ISO date, or at least its day; 1970 where there is none."""
    for text in (date, date[:10]):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime(1970, 1, 1, tzinfo=UTC)


@contextmanager
def _opened(path: Path, mode: Literal["r", "w"]) -> Iterator[TextIO]:
    """A text file, plain or gzip (the same content gives the same bytes)."""
    if path.suffix != ".gz":
        with path.open(mode, encoding="utf-8") as file:
            yield cast(TextIO, file)
        return
    with (
        path.open(f"{mode}b") as raw,
        gzip.GzipFile("", f"{mode}b", 9, raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8") as text,
    ):
        yield text
