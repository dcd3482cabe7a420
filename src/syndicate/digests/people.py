"""What differs from person to person, made safe: the name to show, the addresses that may stand in a header.

Nearly everybody passes one regular expression and is used as they are; who does not goes the slower way, which
repairs what it can and says what is wrong with the rest.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from syndicate.digests.columns import shorten
from syndicate.digests.content import Recipient
from syndicate.digests.headers import checked_address
from syndicate.digests.slots import NAMES, cleared
from syndicate.languages import visible
from syndicate.model import UnsafeValue

_NAME_ROOM = 78
_WIDEST = 2
_LONGEST_URI = 900
MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")
_URI = re.compile(r"[!-;=?-~]+")

# Letters that ``visible`` leaves alone (nothing to compose or to hide) in Latin, Cyrillic, Arabic and Han.
_LETTER = "[A-Za-z0-9\u00c0-\u017f\u0400-\u0481\u048a-\u04ff\u0621-\u063a\u0641-\u064a\u4e00-\u9fff]"
# Quantifiers give nothing back (the second plus): what follows is never a letter of the same kind.
_NAME = rf"(?=.{{0,{_NAME_ROOM // _WIDEST}}}\n)(?:{_LETTER}++(?:(?:\. ?|[ -]){_LETTER}++)*+\.?)?"
_WORDS = r"[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+"
_ADDRESS = rf"(?=.{{1,254}}\n){_WORDS}@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)*+"
_WEB = rf"https?://[A-Za-z0-9/:._~-]{{1,{_LONGEST_URI - 8}}}+"
_ORDINARY = re.compile(
    "\n".join((_NAME, _ADDRESS, rf"<{_WORDS}@[A-Za-z0-9.-]++>", _WEB, _WEB, r"[A-Za-z0-9@.?=_+-]{0,200}+"))
)


PLACES: Mapping[str, int] = dict(zip(NAMES, (0, 1, 3, 4), strict=True))
"""Slot to the field of a recipient that fills it."""


def safe(recipient: Recipient) -> tuple[Recipient, bool]:
    """A recipient of whom each value is one line and cannot break a header; and whether they are ordinary.

    Ordinary: the name may stand before an address as it is, no value has anything that HTML, or quoted-printable but
    for what is not ASCII, writes in another way, and none begins with a dot.
    Raises UnsafeValue for an address, a URI or a Message-ID that could break a header.
    """
    is_ordinary = _ORDINARY.fullmatch("\n".join(recipient)) is not None
    return recipient if is_ordinary else _repaired(recipient), is_ordinary


def _repaired(recipient: Recipient) -> Recipient:
    mailto = recipient.unsubscribe_mailto.removeprefix("mailto:")
    unsubscribe = _web(recipient.unsubscribe_url)
    if mailto:
        uri(f"mailto:{mailto}")
    return Recipient(
        name=_shown(recipient.name),
        email=checked_address("To", recipient.email),
        preferences_url=uri(recipient.preferences_url),
        message_id=checked("Message-ID", recipient.message_id, MESSAGE_ID),
        unsubscribe_url=unsubscribe,
        unsubscribe_mailto=mailto,
    )


def ways(who: Recipient) -> str:
    """The value of List-Unsubscribe: ``<URI>``s, folded after the comma (RFC 2369, section 2)."""
    mailto = who.unsubscribe_mailto
    return f"<{who.unsubscribe_url}>,\r\n <mailto:{mailto}>" if mailto else f"<{who.unsubscribe_url}>"


def values(who: Recipient) -> dict[str, str]:
    """What fills the slots, by their names."""
    return {name: who[place] for name, place in PLACES.items()}


def display(name: str) -> str:
    """A name fit to stand before an address: visible, short, and no address itself."""
    return short(_shown(name))


def short(name: str) -> str:
    """A visible name, fit to stand before an address."""
    cut = name if len(name) * _WIDEST <= _NAME_ROOM else shorten(name, _NAME_ROOM)
    return "" if "@" in cut else cut


def _shown(name: str) -> str:
    """A name as one line of plain text that shows all it holds, and opens no slot."""
    return cleared(visible(name))


def _web(address: str) -> str:
    if urlsplit(address).scheme not in ("https", "http"):
        raise UnsafeValue(f"unsubscribe address is no web address: {address[:60]!r}")
    return uri(address)


def uri(address: str) -> str:
    """An address of any scheme fit for a list header (RFC 2369, section 2). Raises UnsafeValue."""
    if len(address) > _LONGEST_URI or "," in address:
        raise UnsafeValue(f"URI too long, or with a comma, for a list header: {address[:60]!r}")
    return checked("URI", address, _URI)


def checked(what: str, value: str, form: re.Pattern[str]) -> str:
    """``value`` if it has that form, else UnsafeValue."""
    if not form.fullmatch(value):
        raise UnsafeValue(f"{what} is malformed: {value[:80]!r}")
    return value
