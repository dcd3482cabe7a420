"""What an answer of SendGrid's means: pure, so that every meaning can be tested without a server."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import orjson

from syndicate.carriers.sendgrid.account import SendGridAccount
from syndicate.carriers.sendgrid.exchange import Answer
from syndicate.carriers.sendgrid.words import plain
from syndicate.model import DeliveryState, Outcome

REFUSED_BODY = frozenset({400, 413})
"""The request was read and nothing of it was taken; somebody in it is at fault, or it is too large."""

REFUSED_US = {
    401: "SYNDICATE_SENDGRID_KEY is not a key that SendGrid knows",
    403: "SYNDICATE_SENDGRID_KEY lacks a right, or mail.from_address is no verified sender there",
    404: "carriers.sendgrid.url is not SendGrid's address",
    405: "carriers.sendgrid.url is not SendGrid's address",
    415: "carriers.sendgrid.url is not SendGrid's address",
}
"""Statuses that will be the same for everybody, and what to look at."""

SHORTEST_PAUSE, LONGEST_PAUSE, USUAL_PAUSE = 1.0, 3600.0, 60.0

_PERSON = re.compile(r"personalizations(?:\.|\[)(\d{1,6})(?!\d)")


def outcome(answer: Answer, account: SendGridAccount) -> Outcome:
    """For everyone in the request, unless its status is one of ``REFUSED_BODY``.

    202: queued ("Mail Send": 202). 4yz: not taken (RFC 9110, 15.5). Anything else after the whole request left,
    a server's error above all, may come from something between us and a SendGrid that took it: a doubt.
    """
    said = told(answer, account.key)
    if answer.left and answer.status == 202:
        return Outcome(DeliveryState.ACCEPTED, f"202 {plain(answer.headers.get('x-message-id', ''))}".strip())
    if answer.left and answer.status == 200 and account.sandbox:
        return Outcome(DeliveryState.ACCEPTED, "sandbox: checked, not sent")
    if answer.status != 408 and 400 <= answer.status < 500:
        return not_sent(answer, account)
    return lost(said, answer.left or answer.status < 300)


def not_sent(answer: Answer, account: SendGridAccount) -> Outcome:
    """For an answer that says no; it may be tried again, after a 429 not before SendGrid wants it."""
    seconds = pause(answer, account.clock()) if answer.status == 429 else None
    wait = None if seconds is None else timedelta(seconds=seconds)
    return Outcome(DeliveryState.FAILED, told(answer, account.key), retry=True, wait=wait)


def lost(reason: str, left: bool) -> Outcome:
    """No answer, or none that says anything: certain only as long as the last byte had not left."""
    if left:
        return Outcome(DeliveryState.UNSURE, plain(f"no certain answer: {reason}"))
    return Outcome(DeliveryState.FAILED, plain(f"not sent: {reason}"), retry=True)


def pause(answer: Answer, now: datetime) -> float | None:
    """Seconds for which SendGrid wants nothing more, or None: after 429, or when X-RateLimit-Remaining is 0.

    X-RateLimit-Reset is in Unix seconds ("Rate limits") and read by the clock that made it, the answer's Date;
    Retry-After, not documented there, is RFC 9110, 10.2.3.
    """
    headers = answer.headers
    if answer.status != 429 and headers.get("x-ratelimit-remaining", "").strip() != "0":
        return None
    there = _date(headers.get("date", "")) or now
    again = _seconds(headers.get("retry-after", ""))
    if again is None and (moment := _date(headers.get("retry-after", ""))):
        again = (moment - there).total_seconds()
    if again is None and (reset := _seconds(headers.get("x-ratelimit-reset", ""))) is not None:
        again = reset - there.timestamp()
    return min(max(USUAL_PAUSE if again is None else again, SHORTEST_PAUSE), LONGEST_PAUSE)


def culprits(answer: Answer, key: str, count: int) -> dict[int, str]:
    """Who of ``count`` is at fault, by place in ``personalizations``, with why; empty where it is not said."""
    found: dict[int, str] = {}
    for field, message in _errors(answer):
        place = _PERSON.match(field)
        if place and int(place[1]) < count:
            found.setdefault(int(place[1]), plain(f"{answer.status} {message}", key))
    return found


def names_the_letter(answer: Answer) -> bool:
    """Whether every complaint is about what all readers share: taking requests apart would find nobody."""
    fields = [field for field, _ in _errors(answer)]
    return bool(fields) and all(field and not field.startswith("personalizations") for field in fields)


def names_the_sender(answer: Answer) -> bool:
    """Whether a complaint is about the name in From."""
    return any(field in ("from", "from.name") for field, _ in _errors(answer))


def told(answer: Answer, key: str) -> str:
    """The status and what the API said to it, fit for a log."""
    return plain(f"{answer.status} {'; '.join(message for _, message in _errors(answer))}", key)


def _errors(answer: Answer) -> list[tuple[str, str]]:
    """``{"errors": [{"message", "field", "help"}]}`` as (field, message)."""
    try:
        given = orjson.loads(answer.body)
    except ValueError:
        return []
    errors = given.get("errors") if isinstance(given, dict) else None
    if not isinstance(errors, list):
        return []
    return [
        (str(one.get("field") or ""), str(one.get("message") or ""))
        for one in errors
        if isinstance(one, dict)
    ]


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\s*\d{1,12}(\.\d{1,9})?\s*", text) else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
