"""Consent, preferences, tokens, suppression: who may be mailed, and how a link proves whose it is. Pure."""

from syndicate.subscribers.addresses import address_hash, address_hashes, canonical
from syndicate.subscribers.lists import (
    Fate,
    Folded,
    Joined,
    Line,
    Profile,
    fold,
    merge,
    read_lines,
    report_line,
    subscriber_from,
    write_lines,
)
from syndicate.subscribers.tokens import Token, Tokens, message_id

__all__ = [
    "Fate",
    "Folded",
    "Joined",
    "Line",
    "Profile",
    "Token",
    "Tokens",
    "address_hash",
    "address_hashes",
    "canonical",
    "fold",
    "merge",
    "message_id",
    "read_lines",
    "report_line",
    "subscriber_from",
    "write_lines",
]
