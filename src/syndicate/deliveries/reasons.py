"""Reasons as they may be shown and kept: what carriers answer may name the address."""

import re

_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;]+")


def without_addresses(reason: str) -> str:
    """The same answer to many is one."""
    return _ADDRESS.sub("[address]", reason)
