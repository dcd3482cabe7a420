"""Consent, preferences, tokens, suppression: who may be mailed, and how a link proves whose it is. Pure."""

from syndicate.subscribers.addresses import address_hash, canonical
from syndicate.subscribers.lists import Fate, Line, Report, merge, read_lines, subscriber_from, write_lines
from syndicate.subscribers.tokens import Token, Tokens, message_id

__all__ = [
    "Fate",
    "Line",
    "Report",
    "Token",
    "Tokens",
    "address_hash",
    "canonical",
    "merge",
    "message_id",
    "read_lines",
    "subscriber_from",
    "write_lines",
]
