"""Addresses below which no file is any more: folders without their slash, what moved (301), what is gone (410)."""

from collections.abc import Callable

from syndicate.flows.house import House
from syndicate.store import moved as addresses
from syndicate.web.answers import answer, moved
from syndicate.web.files import folder, named
from syndicate.web.routes import Answer, Asked

_KEPT = "public, max-age=86400"
_STAYS_GONE = "public, max-age=1800"


def past_answer(house: House, request: Asked, page: Callable[[Asked], Answer]) -> Answer | None:
    """``page`` says to a person that something is gone. None for what never was anything."""
    raw_path = request.scope["raw_path"]
    path = named(raw_path)
    if path is None:
        return None
    asked = path.removesuffix("index.html") if raw_path.endswith(b"/") else path
    slashed = folder(house.tree.root, path)
    if slashed is not None:
        return moved(301, slashed)
    with house.database.read() as connection:
        found = addresses.past(connection, asked)
    if found is None:
        return None
    return _moved(found.location) if found.location else _gone(request, page)


def _moved(location: str) -> Answer:
    """301 and never 302: readers keep the address (RFC 9110, 15.4.2). Pages elsewhere may follow, too."""
    reply = moved(301, location)
    reply.headers |= {"cache-control": _KEPT, "access-control-allow-origin": "*"}
    return reply


def _gone(request: Asked, page: Callable[[Asked], Answer]) -> Answer:
    """410: readers stop asking (RFC 9110, 15.5.11)."""
    if "text/html" in request.headers.get("accept", ""):
        reply = page(request)
        reply.headers["vary"] = "Accept, Accept-Language"
    else:
        reply = answer(
            b"410: this is no longer published\n", "text/plain; charset=utf-8", 410, {"vary": "Accept"}
        )
    reply.headers |= {"cache-control": _STAYS_GONE, "access-control-allow-origin": "*"}
    return reply
