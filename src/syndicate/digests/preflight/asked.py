"""What the network said when it was asked, kept as rows of text: they outlive the process that asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class Score:
    """Of SpamAssassin, for one edition: points, how many are spam, and the rules that gave them."""

    points: float
    limit: float
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """``at`` is when (UTC). ``links`` are addresses with what was wrong, empty where they answered.

    ``records`` are the TXT records of names, None where nobody said. ``scores`` are by language; ``has_spam_filter``:
    there is one to ask.
    """

    at: datetime
    links: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    scores: Mapping[str, Score] = field(default_factory=dict)
    has_spam_filter: bool = False


def kept(asked: Asked) -> Rows:
    """As rows; :func:`read` makes the same of them."""
    rows = [["link", url, reason] for url, reason in asked.links.items()]
    for name, records in asked.records.items():
        rows.append(["silence", name] if records is None else ["records", name, *records])
    for language, score in asked.scores.items():
        rows.append(["spam", language, str(score.points), str(score.limit), *score.rules])
    return [*rows, ["filter"]] if asked.has_spam_filter else rows


def read(rows: Iterable[Sequence[str]], at: datetime) -> Asked:
    """Rows of another kind are passed over."""
    links: dict[str, str] = {}
    records: dict[str, tuple[str, ...] | None] = {}
    scores: dict[str, Score] = {}
    has_filter = False
    for row in rows:
        match row:
            case ["link", url, reason]:
                links[url] = reason
            case ["silence", name]:
                records[name] = None
            case ["records", name, *found]:
                records[name] = tuple(found)
            case ["spam", language, points, limit, *rules]:
                scores[language] = Score(float(points), float(limit), tuple(rules))
            case ["filter"]:
                has_filter = True
    return Asked(at, links, records, scores, has_filter)
