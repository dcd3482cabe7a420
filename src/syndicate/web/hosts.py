"""Which names this server goes by. Pages made for a person are shown under no other: no link can be led astray."""

from collections.abc import Iterable
from urllib.parse import urlsplit

LOCAL = ("localhost", "127.0.0.1", "::1")


def known_hosts(public_url: str, further: Iterable[str]) -> frozenset[str]:
    """The host of ``public_url``, the ``further`` names, and those of this machine itself."""
    return frozenset((urlsplit(public_url).hostname or "", *map(str.lower, further), *LOCAL)) - {""}


def is_known(host: str, known: frozenset[str]) -> bool:
    """``host`` as the header has it (RFC 9110, 7.2): a name or address, and perhaps a port."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # half an IPv6 address
        return False
    return "@" not in host and "/" not in host and name.rstrip(".") in known
