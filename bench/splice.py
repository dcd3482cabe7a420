"""Making a message: the stencil against ``EmailMessage`` and against one join of bytes that are ready, side by side."""

import statistics
import time
from collections import deque
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from itertools import count
from typing import Any

from bench import edition
from syndicate.digests import Digest, Recipient, Sender, Stencil, stencil
from syndicate.digests.slots import filled
from syndicate.subscribers import Tokens

ROUNDS, MANY, FEW = 15, 2_000, 6
ALIVE = 64
"""Messages alive at a time, as on so many connections: more than the first caches of a processor hold."""
NAMES = (
    "Ayşe Yılmaz",
    "Ada Lovelace",
    "Çağrı Öz",
    "",
    "Gülbahar Demirtaş",
    "Omer Kaya",
    "Иван Петров",
    "Şule",
)
TOKENS = Tokens(b"bench" * 8).pairs("unsubscribe", "preferences", "weekly")


def vs_emailmessage() -> dict[str, Any]:
    """Messages a second, tokens included, with ``email.message.EmailMessage`` made per recipient as the other side."""
    digest, sender = edition.turkish()
    made, people = stencil(digest, sender), count()
    ours, theirs = _take_turns(
        (lambda: _spliced(made, next(people)), MANY), (lambda: _plain(digest, sender, next(people)), FEW)
    )
    return _figures(
        theirs / ours, ours, theirs, digest, "EmailMessage.as_bytes per recipient of the same filled texts"
    )


def vs_join() -> dict[str, Any]:
    """Messages a second, tokens included, with one join of the finished message's pieces as the other side."""
    digest, sender = edition.turkish()
    made, people = stencil(digest, sender), count()
    pieces = _halves(_spliced(made, 1))
    ours, theirs = _take_turns((lambda: _spliced(made, next(people)), MANY), (lambda: b"".join(pieces), MANY))
    what = f"one join-copy of the same bytes ({ALIVE} messages alive in both)"
    return _figures(theirs / ours, ours, theirs, digest, what)


def _figures(ratio: float, ours: float, theirs: float, digest: Digest, what: str) -> dict[str, Any]:
    sizes = f"{len(digest.html.encode()) / 1000:.0f} kB of HTML and {len(digest.text.encode()) / 1000:.0f} kB of text"
    return {
        "ratio": round(ratio, 3),
        "ours": round(1 / ours),
        "against": round(1 / theirs),
        "unit": "messages a second on one core",
        "what": f"a Turkish digest of {sizes}, for different people, two tokens each, against {what}",
    }


def _take_turns(*tasks: tuple[Callable[[], bytes], int]) -> list[float]:
    """CPU seconds of one call of each, the median of the rounds."""
    taken: list[list[float]] = [[] for _ in tasks]
    for _ in range(ROUNDS):
        for times, (task, often) in zip(taken, tasks, strict=True):
            alive: deque[bytes] = deque(maxlen=ALIVE)
            began = time.process_time()
            for _ in range(often):
                alive.append(task())
            times.append((time.process_time() - began) / often)
    return [statistics.median(times) for times in taken]


def _halves(message: bytes) -> tuple[bytes, bytes]:
    return message[: len(message) // 2], message[len(message) // 2 :]


def recipient(number: int) -> Recipient:
    """One of any number of people, as the sender makes them out."""
    unsubscribe, preferences = TOKENS(number)
    return Recipient(
        NAMES[number % len(NAMES)],
        f"reader{number}@example.net",
        f"<{number:032x}@news.newsroom.example.org>",
        f"{edition.BASE}/u/{unsubscribe}",
        f"{edition.BASE}/p/{preferences}",
        f"unsubscribe@news.newsroom.example.org?subject={unsubscribe}",
    )


def _spliced(made: Stencil, number: int) -> bytes:
    return made.message(recipient(number), edition.WHEN)


def _plain(digest: Digest, sender: Sender, number: int) -> bytes:
    """What everybody writes first; the same headers, the same texts."""
    who = recipient(number)
    values = {
        "name": who.name,
        "email": who.email,
        "unsubscribe": who.unsubscribe_url,
        "preferences": who.preferences_url,
    }
    message = EmailMessage(policy=SMTP)
    message["Date"] = edition.WHEN
    message["From"] = Address(sender.name, addr_spec=sender.email)
    message["To"] = Address(who.name, addr_spec=who.email)
    message["Subject"] = digest.subject
    message["Message-ID"] = who.message_id
    message["List-Id"] = sender.list_id
    message["List-Unsubscribe"] = f"<{who.unsubscribe_url}>, <mailto:{who.unsubscribe_mailto}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["List-Archive"] = f"<{sender.archive_url}>"
    message["Feedback-ID"] = sender.feedback_id
    message["Precedence"] = "bulk"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(filled(digest.text, values))
    message.add_alternative(filled(digest.html, {k: escape(v) for k, v in values.items()}), subtype="html")
    message["Content-Language"] = digest.language
    return message.as_bytes()
