"""Feedback: what readers did with a mail that they got, counted for one issue. A tally counts it; no page does."""

from sqlalchemy import Connection, exists, func, select

from syndicate.model import EventKind
from syndicate.store.tables import consent_event, delivery, event, issue

COMPLAINED, LEFT = "complained", "left"

STAFF = "staff"
"""The source of what staff did for a person, in the history of consent."""


def counts(connection: Connection, number: int) -> dict[tuple[int, str], int]:
    """(edition, what) to how many people: :data:`COMPLAINED` of this mail, :data:`LEFT` its newsletter through it.

    Who leaves is counted for the last issue they got before: a link in a mail names the newsletter and not the issue.
    """
    found = {(of, COMPLAINED): n for of, n in _complaints(connection, number)}
    return found | {(of, LEFT): n for of, n in _leavers(connection, number)}


def _complaints(connection: Connection, number: int) -> list[tuple[int, int]]:
    query = (
        select(delivery.c.edition, func.count(delivery.c.id.distinct()))
        .join(event, event.c.delivery == delivery.c.id)
        .where(
            delivery.c.issue == number,
            delivery.c.edition.is_not(None),
            event.c.kind == EventKind.COMPLAINED,
        )
        .group_by(delivery.c.edition)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def _leavers(connection: Connection, number: int) -> list[tuple[int, int]]:
    newsletter = select(issue.c.newsletter).where(issue.c.id == number).scalar_subquery()
    later = delivery.alias("later")
    got_another = (
        exists()
        .where(
            later.c.subscriber == delivery.c.subscriber,
            later.c.id > delivery.c.id,
            later.c.handed_at <= consent_event.c.at,
            later.c.issue == issue.c.id,
            issue.c.newsletter == consent_event.c.newsletter,
        )
        .correlate(delivery, consent_event)
    )
    query = (
        select(delivery.c.edition, func.count(delivery.c.id.distinct()))
        .join(consent_event, consent_event.c.subscriber == delivery.c.subscriber)
        .where(
            delivery.c.issue == number,
            delivery.c.edition.is_not(None),
            consent_event.c.what == "unsubscribed",
            consent_event.c.newsletter == newsletter,
            consent_event.c.source != STAFF,
            consent_event.c.at >= delivery.c.handed_at,
            ~got_another,
        )
        .group_by(delivery.c.edition)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]
