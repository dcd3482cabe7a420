"""Slots: the places in a digest that differ from person to person.

A slot is ``U+E000 name U+E001``. These private-use characters are taken out of everything untrusted before it
reaches a template (:func:`cleared`), so no article can open a slot of its own.
"""

import re
from collections.abc import Mapping

from syndicate.model import UnsafeValue

OPEN, CLOSE = "\ue000", "\ue001"
NAMES = ("name", "email", "unsubscribe", "preferences")
MARKS: Mapping[str, str] = {name: f"{OPEN}{name}{CLOSE}" for name in NAMES}

_SLOT = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")


def cleared(text: str) -> str:
    """``text`` without the characters that make a slot."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with every slot filled. Raises UnsafeValue for a slot that has no value."""
    done = _SLOT.sub(lambda slot: _value(slot[1], values), text)
    if OPEN in done or CLOSE in done:
        raise UnsafeValue("the digest holds half a slot: compose it again")
    return done


def cut_at_slots(text: str) -> tuple[list[str], list[str]]:
    """The literals of ``text`` and the names of the slots between them, one fewer.

    Raises UnsafeValue for a slot that no person fills, and for half a slot.
    """
    filled(text, dict.fromkeys(NAMES, ""))
    pieces = _SLOT.split(text)
    return pieces[::2], pieces[1::2]


def _value(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        raise UnsafeValue(f"the digest asks for {name!r}; a person has only {', '.join(values)}")
    return cleared(values[name])
