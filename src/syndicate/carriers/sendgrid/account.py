"""How to reach SendGrid and how to use it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from syndicate.model import CarrierError

MOST_PERSONALIZATIONS = 1000
MOST_CATEGORIES, LONGEST_CATEGORY = 10, 255


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SendGridAccount:
    """``url`` without ``/v3``; ``key`` is never shown; ``timeout`` in seconds, for each step of a request.

    ``personalizations``: messages in one request (1 to 1000, "Mail Send: limitations"): as many are in doubt when an
    answer is lost. ``connections``: requests at once. ``strict``: every request is scheduled a quarter of an hour
    ahead, so that one whose answer is lost can be cancelled. ``sandbox``: SendGrid checks and sends nothing.
    ``opens`` and ``clicks``: SendGrid puts a picture into each mail, and leads its links over itself, and tells who.
    ``clock`` says what time it is, UTC.

    Raises :class:`CarrierError` for values that SendGrid refuses.
    """

    url: str
    key: str = field(repr=False)
    personalizations: int = 100
    connections: int = 2
    strict: bool = False
    sandbox: bool = False
    timeout: float = 30.0
    categories: tuple[str, ...] = ()
    opens: bool = False
    clicks: bool = False
    clock: Callable[[], datetime] = field(default=_now, repr=False, compare=False)

    def __post_init__(self) -> None:
        for setting, reason in self._mistakes():
            raise CarrierError(f"carriers.sendgrid.{setting}: {reason}")

    def _mistakes(self) -> list[tuple[str, str]]:
        most, names = MOST_CATEGORIES, self.categories
        checks = [
            (1 <= self.personalizations <= MOST_PERSONALIZATIONS, "personalizations", "must be 1 to 1000"),
            (self.connections >= 1, "connections", "must be at least 1"),
            (len(names) <= most, "categories", f"{most} are the most that SendGrid takes"),
            (len(set(names)) == len(names), "categories", "one stands there twice"),
            (
                all(0 < len(one) <= LONGEST_CATEGORY for one in names),
                "categories",
                "one is empty or too long",
            ),
        ]
        key_is_plain = (
            bool(self.key) and self.key.isascii() and self.key.isprintable() and " " not in self.key
        )
        mistakes = [(setting, reason) for holds, setting, reason in checks if not holds]
        if not key_is_plain:
            mistakes.append(("key", "SYNDICATE_SENDGRID_KEY is missing or holds what no key holds"))
        return mistakes
