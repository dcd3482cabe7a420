"""Deltas: what a client is told of a feed whose older version it names (RFC 3229)."""

import re
from collections.abc import Iterable

from syndicate.feeds.delta import delta
from syndicate.store import Database, versions

_ASKED = 5
_TAG = re.compile(r"[0-9a-f]{32,64}")


def changes_since(database: Database, path: str, document: bytes, tags: Iterable[str]) -> bytes | None:
    """``document`` without what the client has: the first of ``tags`` that is known. None where none is.

    A tag is the first half, or more, of the hash (sha256 in hex) of an older version.
    """
    asked = [tag for tag in tags if _TAG.fullmatch(tag)][:_ASKED]
    if not asked:
        return None
    with database.read() as connection:
        found = (versions.entries(connection, path, tag) for tag in asked)
        known = next((one for one in found if one is not None), None)
    return None if known is None else delta(document, known)
