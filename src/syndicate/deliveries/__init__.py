"""What a carrier's answer means for a delivery, and what an interrupted one is worth. Pure."""

from dataclasses import replace

from syndicate.model import DeliveryState, Outcome

RETRIES = 3
"""How often a hand-over that was certainly not taken is tried within one send."""


def after(outcome: Outcome, attempt: int) -> Outcome:
    """What to write into the ledger for the ``attempt``-th (from 1) answer of a carrier.

    Only what was certainly not taken is planned again; a doubt is never retried (DESIGN law 5).
    """
    if not outcome.retry:
        return outcome
    if attempt < RETRIES:
        return replace(outcome, state=DeliveryState.PLANNED)
    return Outcome(DeliveryState.FAILED, f"given up after {attempt} attempts: {outcome.detail}")


def orphaned(known: Outcome | None) -> Outcome:
    """What became of a hand-over whose sender died: what the carrier can prove, else a doubt for a person."""
    return known or Outcome(DeliveryState.UNSURE, "the sender was interrupted while handing it over")
