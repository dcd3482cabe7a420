"""Outside: whom preflight asks before a mail goes out. ``app`` puts in who really answers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from syndicate.digests.preflight import Score


@dataclass(frozen=True, slots=True)
class Outside:
    """``links`` says what is wrong with each address, nothing where it answers; ``records`` has the TXT records of a
    name and raises CarrierError when nobody can say; ``spam`` is a filter's word on a message, and raises it, too;
    None where there is no filter.

    ``carrier`` is the configured one's name, ``keys`` are (domain, selector) of the DKIM keys that mail is signed with.
    """

    links: Callable[[Iterable[str]], Mapping[str, str]] = lambda urls: dict.fromkeys(urls, "")
    records: Callable[[str], tuple[str, ...]] = lambda name: ()
    spam: Callable[[bytes], Score] | None = None
    carrier: str = "outbox"
    keys: tuple[tuple[str, str], ...] = ()
