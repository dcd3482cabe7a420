"""What a request's headers ask for, decided purely: is the client's copy current, how may the answer be packed.

The ETag is weak and one for all encodings: a reader that revalidates in another encoding still gets its 304.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

# What proxies add to an ETag when they compress or unpack (Apache, Jetty, Caddy, nginx modules).
_SUFFIXES = ("--gzip", "-gzip", ";gzip", "/gzip", ":gzip", "-br", ";br", "/br", ":br", "-zstd", "/zstd")

TAG_LENGTH = 32
"""Hex digits of a hash in an ETag."""

IDENTITY = "identity"
_BY_SIZE = ("br", "gzip", IDENTITY)


def entity_tag(sha256: str) -> str:
    """``W/"…"`` from the hash (hex) of the uncompressed bytes."""
    return f'W/"{sha256[:TAG_LENGTH]}"'


def http_date(moment: datetime) -> str:
    """IMF-fixdate (RFC 9110, 5.6.7): whole seconds."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def is_current(if_none_match: str | None, if_modified_since: str | None, tag: str, changed: datetime) -> bool:
    """Whether 304 is the answer (RFC 9110, 13.2.2): If-None-Match decides alone where it is given."""
    if if_none_match is not None:
        return _matches(if_none_match, tag)
    since = _moment(if_modified_since or "")
    # Not ==: some clients send dates of their own making.
    return since is not None and since >= changed.replace(microsecond=0)


def coding(accept_encoding: str | None, there: Collection[str]) -> str | None:
    """Which of ``there`` (``"br"``, ``"gzip"``, ``"identity"``) to send; None where all are refused (406).

    RFC 9110, 12.5.3: a coding with ``q=0`` is refused, ``*`` speaks for those not named, identity is taken unless it
    is refused. Among equals the shortest is sent.
    """
    weights = {name.removeprefix("x-"): weight for name, weight in _weighted(accept_encoding or "")}
    rest = weights.get("*")
    wanted = {name: weights.get(name, rest if rest is not None else 0.0) for name in ("br", "gzip")}
    # Identity that nobody named is taken, but after whatever was.
    wanted[IDENTITY] = weights.get(IDENTITY, 0.0001 if rest is None else rest)
    taken = [name for name in _BY_SIZE if name in there and wanted[name] > 0]
    return max(taken, key=wanted.__getitem__, default=None)


def entity_tags(if_none_match: str) -> list[str]:
    """The opaque parts of the tags of If-None-Match, without what proxies add."""
    return [_opaque(tag) for tag in if_none_match.split(",")]


def preferred_languages(accept_language: str) -> list[str]:
    """Language ranges of Accept-Language (RFC 9110, 12.5.4), most wanted first; ``*`` and refused ones left out."""
    ranges = [(name, weight) for name, weight in _weighted(accept_language) if weight > 0 and name != "*"]
    return [name for name, _ in sorted(ranges, key=lambda one: -one[1])]


def _matches(header: str, tag: str) -> bool:
    return header.strip() == "*" or _opaque(tag) in entity_tags(header)


def _opaque(tag: str) -> str:
    """The comparable part of an entity tag; ours holds no comma, so lists may be cut at commas."""
    bare = tag.strip().removeprefix("W/").strip('"')
    return next((bare.removesuffix(suffix) for suffix in _SUFFIXES if bare.endswith(suffix)), bare)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _weighted(header: str) -> Iterable[tuple[str, float]]:
    for part in header[:1000].split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name:
            yield name, _weight(parameters)


def _weight(parameters: list[str]) -> float:
    quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
    try:
        return float(quality)
    except ValueError:
        return 0.0
