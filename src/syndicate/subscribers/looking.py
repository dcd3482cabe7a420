"""What staff mean by what they type to find somebody. Pure."""

from dataclasses import dataclass

import idna

from syndicate.languages import visible
from syndicate.model import UnsafeValue
from syndicate.subscribers.addresses import canonical

_TURKISH = str.maketrans({"i": "İ", "ı": "I"})
_LONGEST = 254


@dataclass(frozen=True, slots=True)
class Sought:
    """``address`` is how a canonical address begins, ``names`` how a name may (ASCII letters small), ``domain`` all of
    what stands behind the @. All are empty for everybody.
    """

    address: str = ""
    names: tuple[str, ...] = ()
    domain: str = ""
    is_whole: bool = False


def sought(text: str) -> Sought:
    """``@example.org`` is a domain; with an @ inside it is an address, or how it begins; else that or a name."""
    typed = visible(text).strip()[:_LONGEST]
    if typed.startswith("@"):
        return Sought(domain=_domain(typed[1:]))
    if "@" in typed:
        return _address(typed)
    return Sought(typed.lower() if typed.isascii() else "", _spellings(typed)) if typed else Sought()


def _address(typed: str) -> Sought:
    try:
        return Sought(canonical(typed), is_whole=True)
    except UnsafeValue:
        return Sought(typed.lower())


def _domain(typed: str) -> str:
    try:
        return idna.encode(typed.strip().rstrip("."), uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return typed.lower()


def _spellings(typed: str) -> tuple[str, ...]:
    """In the ways that people write capitals; the databases fold those of ASCII alone."""
    ways = (typed, typed.lower(), typed.title(), typed.upper(), typed.translate(_TURKISH).upper())
    first = typed[:1].translate(_TURKISH).upper() + typed[1:]
    return tuple(dict.fromkeys(_folded(one) for one in (*ways, first)))


def _folded(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)
