"""Charts: what became of people, as bars that are drawn by the server. The table beside each has the numbers."""

from dataclasses import dataclass

from syndicate.flows.sum_up import Fates


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar; ``start`` and ``width`` in per cent of it. ``kind`` names its colour and pattern."""

    kind: str
    start: str
    width: str


KINDS = ("delivered", "sent", "bounced", "failed", "unsure", "skipped", "cancelled", "waiting")
"""What a bar is made of, in order: good ends first, what is still to come last."""


def parts(fates: Fates) -> dict[str, int]:
    """Each kind of end to how many people; they sum to those owed."""
    return {
        "delivered": fates.delivered,
        "sent": fates.sent - fates.bounced - fates.delivered,
        "bounced": fates.bounced,
        "failed": fates.failed,
        "unsure": fates.unsure,
        "skipped": fates.skipped,
        "cancelled": fates.cancelled,
        "waiting": fates.waiting,
    }


def bar(fates: Fates) -> tuple[Piece, ...]:
    """As long as everybody together; without what nobody is in."""
    made: list[Piece] = []
    done, whole = 0, max(1, fates.owed)
    for kind, people in parts(fates).items():
        if people > 0:
            made.append(Piece(kind, _percent(done, whole), _percent(people, whole)))
            done += people
    return tuple(made)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3f}".rstrip("0").rstrip(".") + "%"
