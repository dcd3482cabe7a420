"""What a carrier's answer means for a delivery: an end, or another attempt and when. Retry is a returned decision."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndicate.model import DeliveryState, Outcome

PAUSES = (
    timedelta(seconds=2),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
)
"""After the first attempt, the second, and so on; the last one is repeated. A lost connection is tried again at once,
greylisting lets the third through, and a mailbox that is full over night gets its mail in the morning."""

LONGEST = timedelta(days=1)

INTERRUPTED = "the sender was interrupted while handing it over"

# RFC 3463, 3.2: the address itself is no good. 5.1.7 and 5.1.8 are about the sender's.
_DEAD = re.compile(r"^RCPT: 5\d\d 5\.1\.(1|2|3|6|10)\b")


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write into the ledger; ``due`` (UTC) for what is planned again. ``is_dead``: the address is no good."""

    outcome: Outcome
    due: datetime | None = None
    is_dead: bool = False


def after(outcome: Outcome, attempt: int, attempts: int, now: datetime, on_unsure: str = "hold") -> Decision:
    """What the ``attempt``-th (from 1) answer of a carrier means; ``attempts`` is how many are allowed.

    Only what was certainly not taken is planned again; a doubt is not (DESIGN law 5), unless ``on_unsure`` is
    ``resend``: somebody chose to risk a mail that comes twice.
    """
    if outcome.state is DeliveryState.UNSURE:
        outcome = _doubted(outcome, on_unsure)
    if not outcome.retry:
        return Decision(outcome, is_dead=bool(_DEAD.match(outcome.detail)))
    if attempt >= attempts:
        tried = "1 attempt" if attempt == 1 else f"{attempt} attempts"
        return Decision(Outcome(DeliveryState.FAILED, f"given up after {tried}: {outcome.detail}"))
    pause = max(PAUSES[min(attempt, len(PAUSES)) - 1], min(outcome.wait or timedelta(0), LONGEST))
    return Decision(replace(outcome, state=DeliveryState.PLANNED), now + pause)


def orphaned(known: Outcome | None, on_unsure: str = "hold") -> Outcome:
    """What became of a hand-over whose sender died: what the carrier can prove, else a doubt for a person."""
    return known or _doubted(Outcome(DeliveryState.UNSURE, INTERRUPTED), on_unsure)


def _doubted(outcome: Outcome, on_unsure: str) -> Outcome:
    """A doubt, or, where that is the policy, something to be sent again."""
    if on_unsure != "resend":
        return outcome
    return Outcome(DeliveryState.PLANNED, f"sent again though in doubt: {outcome.detail}", retry=True)
