"""Newsletter + stories + slot -> issue -> editions. Pure decisions, each with its reason."""

from syndicate.editions.plan import Plan, Reader, plan
from syndicate.editions.slots import Slot, latest_slot, next_slot, to_utc
from syndicate.editions.window import decide, ready_at

__all__ = ["Plan", "Reader", "Slot", "decide", "latest_slot", "next_slot", "plan", "ready_at", "to_utc"]
