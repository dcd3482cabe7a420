"""Letters for the tests of the SendGrid carrier, and a lane that is run to its end."""

from collections.abc import Iterable, Sequence
from typing import Any

from tests.contracts.desk import MemoryDesk
from tests.contracts.fake_sendgrid import FakeSendGrid

from syndicate.carriers.sendgrid import SendGrid, SendGridAccount
from syndicate.model import Letter, Outcome, Personal
from syndicate.model.delivery import DeliveryState

TEXT = (
    "Hello [%name%],\n\nthe river is rising again: https://news.example.org/river\n\n"
    "Leave: [%leave%]\n1 Example Street\n"
)
HTML = (
    '<!doctype html><html lang="en" dir="ltr"><head><title>The river</title></head><body><div lang="en" dir="ltr">'
    '<h1>The river</h1><p>Hello [%name%], the <a href="https://news.example.org/river">river is rising again</a>.</p>'
    '<p><a href="[%leave%]">Unsubscribe</a></p><address>1 Example Street</address></div></body></html>'
)


def letter(**changes: Any) -> Letter:
    given: dict[str, Any] = {
        "edition": 7,
        "language": "en",
        "from_name": "The Newsroom",
        "from_address": "letters@news.example.org",
        "reply_to": "desk@news.example.org",
        "subject": "The river, and three more",
        "text": TEXT,
        "html": HTML,
        "headers": {
            "List-Id": "Weekly <en.weekly.news.example.org>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Content-Language": "en",
        },
    }
    return Letter(**(given | changes))


LETTER = letter()


def personal(number: int, recipient: str = "", of: Letter = LETTER, **changes: Any) -> Personal:
    leave = f"https://news.example.org/u/token{number}"
    given: dict[str, Any] = {
        "delivery": number,
        "letter": of,
        "recipient": recipient or f"reader{number}@example.net",
        "name": f"Reader {number}",
        "values": {"[%name%]": f"Reader {number}", "[%leave%]": leave},
        "headers": {"List-Unsubscribe": f"<{leave}>", "Message-ID": f"<{number}.weekly@news.example.org>"},
    }
    return Personal(**(given | changes))


def people(count: int, of: Letter = LETTER) -> list[Personal]:
    return [personal(number, of=of) for number in range(1, count + 1)]


def account(fake: FakeSendGrid, **changes: Any) -> SendGridAccount:
    given: dict[str, Any] = {"url": fake.url, "key": fake.key, "timeout": 5.0, "clock": fake.clock}
    return SendGridAccount(**(given | changes))


def carried(
    fake: FakeSendGrid, items: Iterable[Personal], called_back: Iterable[int] = (), **changes: Any
) -> MemoryDesk:
    desk = MemoryDesk(items, called_back)
    with SendGrid(account(fake, **changes)) as carrier:
        carrier.carry(desk)
    return desk


def states(desk: MemoryDesk) -> dict[int, str]:
    return {number: outcome.state.value for number, outcome in sorted(desk.outcomes.items())}


def again(fake: FakeSendGrid, items: Sequence[Personal], desk: MemoryDesk, **changes: Any) -> MemoryDesk:
    """What a sender does next: those that may be tried again are, and no other."""
    retried = {number for number, one in desk.outcomes.items() if one.retry} | set(desk.given_back)
    return carried(fake, [item for item in items if item.delivery in retried], **changes)


def is_final(outcome: Outcome) -> bool:
    return outcome.state is DeliveryState.FAILED and not outcome.retry
