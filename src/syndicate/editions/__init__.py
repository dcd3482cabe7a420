"""Newsletter + stories + slot -> issue -> editions. Pure decisions, each with its reason."""

from syndicate.editions.approval import counting, leaves, needed
from syndicate.editions.drafted import LONGEST_NOTE, LONGEST_SUBJECT, UNCHANGED, changed, tidied
from syndicate.editions.plan import Plan, Reader, Window, has_news, offered, plan, reading_languages
from syndicate.editions.slots import (
    OWN,
    Slot,
    due_in,
    instant_slot,
    known_zone,
    latest_slot,
    next_slots,
    opens,
    slots,
    to_utc,
)
from syndicate.editions.window import awaited_until, belongs, counts_at, decide, ready_at

__all__ = [
    "LONGEST_NOTE",
    "LONGEST_SUBJECT",
    "OWN",
    "UNCHANGED",
    "Plan",
    "Reader",
    "Slot",
    "Window",
    "awaited_until",
    "belongs",
    "changed",
    "counting",
    "counts_at",
    "decide",
    "due_in",
    "has_news",
    "instant_slot",
    "known_zone",
    "latest_slot",
    "leaves",
    "needed",
    "next_slots",
    "offered",
    "opens",
    "plan",
    "reading_languages",
    "ready_at",
    "slots",
    "tidied",
    "to_utc",
]
