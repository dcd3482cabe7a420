"""Feedback: what readers did with a mail that they got, counted for one issue. A tally counts it; no page does."""

from sqlalchemy import Connection, case, exists, func, literal, select

from syndicate.model import EventKind
from syndicate.store.tables import consent_event, delivery, event, issue

COMPLAINED, LEFT, OPENED, FETCHED, CLICKED = "complained", "left", "opened", "fetched", "clicked"

STAFF = "staff"
"""The source of what staff did for a person, in the history of consent."""


def counts(connection: Connection, number: int) -> dict[tuple[int, str], int]:
    """(edition, what) to how many people: :data:`COMPLAINED` of this mail, :data:`LEFT` its newsletter through it;
    :data:`OPENED` or :data:`CLICKED` it, where the carrier was asked to tell; :data:`FETCHED`: a machine opened it.

    Who leaves is counted for the last issue they got before: a link in a mail names the newsletter and not the issue.
    """
    return _told(connection, number) | {(of, LEFT): n for of, n in _leavers(connection, number)}


_SAID = {EventKind.COMPLAINED: COMPLAINED, EventKind.OPENED: OPENED, EventKind.CLICKED: CLICKED}


def _told(connection: Connection, number: int) -> dict[tuple[int, str], int]:
    """What carriers told of people, and of machines that open a mail before they do."""
    of_machine = (event.c.kind == EventKind.OPENED) & event.c.is_machine
    of_person = event.c.is_machine.is_(False) | (event.c.kind == EventKind.COMPLAINED)
    what = case((of_machine, literal(FETCHED)), *((event.c.kind == k, literal(w)) for k, w in _SAID.items()))
    query = (
        select(delivery.c.edition, what, func.count(delivery.c.id.distinct()))
        .join(event, event.c.delivery == delivery.c.id)
        .where(delivery.c.issue == number, delivery.c.edition.is_not(None))
        .where(event.c.kind.in_(list(_SAID)), of_machine | of_person)
        .group_by(delivery.c.edition, what)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}


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
