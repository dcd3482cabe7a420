"""What differs from person to person, made safe: the name to show, the addresses that may stand in a header.

Nearly everybody passes one regular expression and is used as they are; who does not goes the slower way, which
repairs what it can and says what is wrong with the rest.
"""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from syndicate.digests.columns import shorten
from syndicate.digests.content import Recipient
from syndicate.digests.headers import checked_address, uri_list
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


class Person(NamedTuple):
    """A recipient, checked: each value is one line and cannot break a header.

    ``name`` may stand before an address, ``unsubscribe`` is the value of List-Unsubscribe, ``said`` fills the slots,
    in the order of ``slots.NAMES``. ``is_ordinary``: none of these has anything that HTML, or quoted-printable but
    for what is not ASCII, writes in another way, and none begins with a dot.
    """

    name: str
    email: str
    message_id: str
    unsubscribe: str
    said: tuple[str, str, str, str]
    is_ordinary: bool

    @property
    def values(self) -> dict[str, str]:
        """What fills the slots, by their names."""
        return dict(zip(NAMES, self.said, strict=True))


def person(recipient: Recipient) -> Person:
    """Raises UnsafeValue for an address, a URI or a Message-ID that could break a header."""
    if not _ORDINARY.fullmatch("\n".join(recipient)):
        return _unusual(recipient)
    name, email, message_id, unsubscribe, preferences, mailto = recipient
    ways = uri_list(unsubscribe, mailto and f"mailto:{mailto}")
    return Person(name, email, message_id, ways, (name, email, unsubscribe, preferences), True)


def _unusual(recipient: Recipient) -> Person:
    mailto = recipient.unsubscribe_mailto.removeprefix("mailto:")
    ways = uri_list(_web(recipient.unsubscribe_url), mailto and uri(f"mailto:{mailto}"))
    name, email = _shown(recipient.name), checked_address("To", recipient.email)
    said = (name, email, recipient.unsubscribe_url, uri(recipient.preferences_url))
    message_id = checked("Message-ID", recipient.message_id, MESSAGE_ID)
    return Person(_short(name), email, message_id, ways, said, is_ordinary=False)


def display(name: str) -> str:
    """A name fit to stand before an address: visible, short, and no address itself."""
    return _short(_shown(name))


def _short(name: str) -> str:
    short = name if len(name) * _WIDEST <= _NAME_ROOM else shorten(name, _NAME_ROOM)
    return "" if "@" in short else short


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
