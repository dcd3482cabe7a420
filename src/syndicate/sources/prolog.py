"""What stands before the first element of an XML document: the place where its traps are."""

import re

_ELEMENT = re.compile(r"[A-Za-z_/]")


def has_doctype(text: str) -> bool:
    """Whether anything like ``<!DOCTYPE`` or ``<!ENTITY`` stands before the first element. Linear.

    Comments and processing instructions are passed over; one that never ends counts as a trap.
    """
    at = text.find("<")
    while at >= 0:
        mark = text[at + 1 : at + 4]
        if mark.startswith("?") or mark == "!--":
            end = text.find("?>" if mark.startswith("?") else "-->", at + 2)
            if end < 0:
                return True
            at = end
        elif mark.startswith("!"):
            return True
        elif _ELEMENT.match(mark):
            return False
        at = text.find("<", at + 1)
    return False
