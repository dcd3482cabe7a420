"""What a request says: its key, its body or query, checked, and a hash of all of it."""

import hashlib
from typing import Protocol

from pydantic import ValidationError

from syndicate.web.api.call import G
from syndicate.web.api.operations import JSON
from syndicate.web.api.problems import Problem, invalid
from syndicate.web.routes import Asked

KEY = "idempotency-key"
LONGEST_KEY = 100


class Digest(Protocol):
    """Of hashlib, which has no name for it that can be relied on."""

    def update(self, piece: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


def key_of(request: Asked) -> str:
    """Of the header, which the draft has in quotes and most programs send without. Raises a problem."""
    key = request.headers.get(KEY, "").strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= one <= "~" for one in key):
        raise Problem(
            400,
            "key",
            "Send an Idempotency-Key: 1 to 100 visible ASCII characters, new for each new request.",
        )
    return key


def given_in(takes: type[G], request: Asked, body: bytes) -> G:
    """The body; none at all is an object without fields. Raises a problem for what is wrong."""
    refused = refused_kind(request, JSON) if body else None
    if refused:
        raise refused
    try:
        return takes.model_validate_json(body or b"{}", strict=True)
    except ValidationError as error:
        raise invalid(error) from error


def refused_kind(request: Asked, wanted: str) -> Problem | None:
    kind, _, rest = request.headers.get("content-type", "").lower().partition(";")
    charset = rest.partition("charset=")[2].strip().strip('"')
    if kind.strip() == wanted and charset in ("", "utf-8", "utf8"):
        return None
    return Problem(415, "media-type", f"The body is {wanted}, in UTF-8; say so in Content-Type.")


def query_of(takes: type[G], request: Asked) -> G:
    """Raises a problem for what is wrong, or comes twice."""
    pairs = list(request.query_params.multi_items())
    given = dict(pairs)
    if len(given) != len(pairs):
        twice = next(name for name, _ in pairs if sum(other == name for other, _ in pairs) > 1)
        raise Problem(
            422, "invalid", "A parameter came twice.", errors=[{"field": twice, "problem": "came twice"}]
        )
    try:
        return takes.model_validate(given)
    except ValidationError as error:
        raise invalid(error) from error


def hash_of(request: Asked, body: Digest) -> str:
    """Of all that was asked."""
    path, query = str(request.scope["path"]), request.scope["query_string"].decode("latin-1")
    return hashlib.sha256(f"{request.method} {path}?{query}\n{body.hexdigest()}".encode()).hexdigest()
