"""What staff see of issues: the list, one in full, a preview. ``upcoming`` has the next ones, ``control`` what they
do."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from syndicate.deliveries import without_addresses
from syndicate.digests.slots import filled
from syndicate.flows.compose import restored
from syndicate.flows.house import House
from syndicate.model import Choice, DeliveryState, Issue, Verdict
from syndicate.store import Connection, articles, deliveries, issues
from syndicate.store.articles import Listed
from syndicate.store.issues import FrozenEdition


@dataclass(frozen=True, slots=True)
class Overview:
    """One line of the list of issues."""

    issue: Issue
    editions: int
    owed: int
    accepted: int


@dataclass(frozen=True, slots=True)
class EditionAccount:
    """An edition, its subject, and how many deliveries are in which state."""

    id: int
    language: str
    reads: tuple[str, ...]
    is_main: bool
    subject: str
    articles: tuple[str, ...]
    states: dict[str, int]
    cadence: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """All there is to know of an issue.

    ``titles`` names each story, and each article that was chosen, for people. ``deliveries`` are (state, reason,
    how many), most first; no reason holds an address. ``reasons`` sums those of everybody not mailed, or in doubt.
    """

    issue: Issue
    editions: tuple[EditionAccount, ...]
    choices: dict[str, tuple[Choice, ...]]
    titles: dict[str, str]
    reasons: dict[str, int]
    deliveries: tuple[tuple[str, str, int], ...] = ()


def overview(house: House, newsletter: str = "", limit: int = 50) -> list[Overview]:
    """Issues, newest first."""
    with house.database.read() as connection:
        return [_overview(connection, one) for one in issues.every(connection, newsletter or None, limit)]


def account(house: House, number: int) -> Account:
    """Raises NotFound."""
    with house.database.read() as connection:
        issue = issues.get(connection, number)
        frozen = issues.editions(connection, number)
        counts = deliveries.counts(connection, number)
        choices = _choices(issues.choices(connection, number))
        outcomes = told_outcomes(deliveries.outcomes(connection, number))
        return Account(
            issue=issue,
            editions=tuple(
                EditionAccount(
                    id=one.edition.id,
                    language=one.edition.language,
                    reads=one.edition.reads,
                    is_main=one.edition.is_main,
                    subject=one.digest["subject"],
                    articles=tuple(item.article_id for item in one.edition.items),
                    states={state: n for (edition, state), n in counts.items() if edition == one.edition.id},
                    cadence=one.edition.cadence,
                )
                for one in frozen
            ),
            choices=choices,
            titles=titles_of(connection, house, choices, versions_of(connection, choices)),
            reasons=_summed(outcomes),
            deliveries=outcomes,
        )


def editions(house: House, number: int) -> list[FrozenEdition]:
    """Main ones first. Raises NotFound."""
    with house.database.read() as connection:
        issues.get(connection, number)
        return issues.editions(connection, number)


def preview(house: House, number: int, folder: Path) -> list[Path]:
    """Write each edition's HTML and text with its slots filled for nobody; returns the paths."""
    with house.database.read() as connection:
        issue = issues.get(connection, number)
        frozen = issues.editions(connection, number)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for one in frozen:
        digest = restored(one.digest)
        stem = f"{issue.newsletter}-{issue.name}-{one.edition.language}-{one.edition.id}"
        for suffix, body in (("html", digest.html), ("txt", digest.text)):
            path = folder / f"{stem}.{suffix}"
            path.write_text(filled(body, _nobody(house)), encoding="utf-8")
            written.append(path)
    return written


def _overview(connection: Connection, issue: Issue) -> Overview:
    counts = deliveries.counts(connection, issue.id)
    owed = sum(n for (edition, _), n in counts.items() if edition is not None)
    accepted = sum(n for (_, state), n in counts.items() if state == DeliveryState.ACCEPTED)
    editions = len({edition for edition, _ in counts if edition is not None})
    return Overview(issue, editions, owed, accepted)


def _choices(stored: Mapping[str, Iterable[list[str]]]) -> dict[str, tuple[Choice, ...]]:
    return {
        language: tuple(Choice(s, Verdict(v), a, where, detail) for s, v, a, where, detail in made)
        for language, made in stored.items()
    }


def versions_of(connection: Connection, choices: Mapping[str, tuple[Choice, ...]]) -> dict[str, list[Listed]]:
    return articles.versions(connection, {choice.story for made in choices.values() for choice in made})


def titles_of(
    connection: Connection,
    house: House,
    choices: Mapping[str, tuple[Choice, ...]],
    versions: Mapping[str, list[Listed]],
) -> dict[str, str]:
    """Titles: of each story in the first language of the site that it is in; of each chosen article its own."""
    order = {language: n for n, language in enumerate(house.site.languages)}
    chosen = {choice.article_id for made in choices.values() for choice in made if choice.article_id}
    titles = {
        story: min(found, key=lambda one: order.get(one.language, len(order))).title
        for story, found in versions.items()
        if found
    }
    return titles | {key: one.title for key, one in articles.listed_by_id(connection, chosen).items()}


def told_outcomes(found: Iterable[tuple[str, str, int]]) -> tuple[tuple[str, str, int], ...]:
    """What carriers answer may name the address: without it, the same answer to many is one."""
    summed: Counter[tuple[str, str]] = Counter()
    for state, reason, number in found:
        told = "" if state == DeliveryState.ACCEPTED else without_addresses(reason)
        summed[state, told] += number
    return tuple((state, reason, number) for (state, reason), number in summed.most_common())


def _summed(outcomes: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    summed: Counter[str] = Counter()
    for _, reason, number in outcomes:
        summed[reason] += number
    return {reason: number for reason, number in summed.items() if reason}


def _nobody(house: House) -> dict[str, str]:
    """What fills a digest's slots when nobody is meant."""
    base = house.site.public_url
    links = {"unsubscribe": f"{base}/u/preview", "preferences": f"{base}/p/preview"}
    return {"name": "", "email": "reader@example.org", **links}
