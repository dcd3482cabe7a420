"""What differs from person to person, made safe: the name to show, the addresses that may stand in a header.

Nearly everybody passes one regular expression and is used as they are; who does not goes the slower way, which
repairs what it can and says what is wrong with the rest.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from syndicate.digests.columns import shorten
from syndicate.digests.content import Recipient
from syndicate.digests.headers import checked_address, uri_list
from syndicate.digests.slots import cleared
from syndicate.languages import visible
from syndicate.model import UnsafeValue

_NAME_ROOM = 78
_WIDEST = 2
_LONGEST_URI = 900
MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>")
_URI = re.compile(r"[!-;=?-~]+")

# Letters that ``visible`` leaves alone (nothing to compose or to hide) in Latin, Cyrillic, Arabic and Han.
_LETTER = "[A-Za-z0-9\u00c0-\u017f\u0400-\u0481\u048a-\u04ff\u0621-\u063a\u0641-\u064a\u4e00-\u9fff]"
_NAME = rf"(?=.{{0,{_NAME_ROOM // _WIDEST}}}\n)(?:{_LETTER}+(?:(?:\. ?|[ -]){_LETTER}+)*\.?)?"
_WORDS = r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
_ADDRESS = rf"(?=.{{1,254}}\n){_WORDS}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_WEB = rf"(?=.{{1,{_LONGEST_URI}}}\n)https?://[A-Za-z0-9/:._~-]+"
_ORDINARY = re.compile(
    "\n".join((_NAME, _ADDRESS, rf"<{_WORDS}@[A-Za-z0-9.-]+>", _WEB, _WEB, r"[A-Za-z0-9@.?=_+-]{0,200}"))
)


class Person(NamedTuple):
    """A recipient, checked: each value is one line and cannot break a header.

    ``name`` may stand before an address, ``unsubscribe`` is the value of List-Unsubscribe, ``values`` fill the
    slots. ``is_ordinary``: none of these has anything that HTML, or quoted-printable but for what is not ASCII,
    writes in another way, and none begins with a dot.
    """

    name: str
    email: str
    message_id: str
    unsubscribe: str
    values: Mapping[str, str]
    is_ordinary: bool


def person(recipient: Recipient) -> Person:
    """Raises UnsafeValue for an address, a URI or a Message-ID that could break a header."""
    fields = (
        recipient.name,
        recipient.email,
        recipient.message_id,
        recipient.unsubscribe_url,
        recipient.preferences_url,
        recipient.unsubscribe_mailto,
    )
    name, email, message_id, unsubscribe, preferences, mailto = fields
    if not _ORDINARY.fullmatch("\n".join(fields)):
        return _unusual(recipient)
    ways = uri_list((unsubscribe, f"mailto:{mailto}") if mailto else (unsubscribe,))
    values = {"name": name, "email": email, "unsubscribe": unsubscribe, "preferences": preferences}
    return Person(name, email, message_id, ways, values, is_ordinary=True)


def _unusual(recipient: Recipient) -> Person:
    mailto = recipient.unsubscribe_mailto.removeprefix("mailto:")
    ways = [_web(recipient.unsubscribe_url), *([uri(f"mailto:{mailto}")] if mailto else [])]
    values = {
        "name": (name := _shown(recipient.name)),
        "email": checked_address("To", recipient.email),
        "unsubscribe": recipient.unsubscribe_url,
        "preferences": uri(recipient.preferences_url),
    }
    message_id = checked("Message-ID", recipient.message_id, MESSAGE_ID)
    return Person(_short(name), recipient.email, message_id, uri_list(ways), values, is_ordinary=False)


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
