"""What programs are told when something is not done: one form for all of it (RFC 9457), with what to do about it.

``code`` says which of few kinds it is, for programs to act on; ``detail`` says it to a person; ``errors`` names each
field that is at fault.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from litestar.exceptions import HTTPException
from pydantic import ValidationError

from syndicate.flows.once import Lost, Reused, UnderWay
from syndicate.flows.seen import Outdated
from syndicate.model import Busy, NotFound, StoreError, SyndicateError, UnsafeValue
from syndicate.web.answers import answer
from syndicate.web.routes import Answer, Asked

_log = logging.getLogger("syndicate.web")

MEDIA_TYPE = "application/problem+json"
PRIVATE = {"cache-control": "no-store", "x-robots-tag": "noindex"}
SOON = {"retry-after": "2"}

CODES = {
    "invalid": "a field is missing, unknown or wrong; `errors` says which",
    "unauthenticated": "there is no token, or it is not valid (any more)",
    "role": "the token's role, or its owner's, does not allow this",
    "second-factor": "the token's owner has still to set up the second factor that their role needs",
    "host": "the server was called by a name that is not its own",
    "not-found": "there is no such thing (any more), or no such address",
    "method": "this address does not take this method",
    "too-large": "the body is too large",
    "media-type": "the body is of another kind than this address takes",
    "key": "the Idempotency-Key is missing, or not 1 to 100 visible ASCII characters",
    "key-reused": "the Idempotency-Key came with another request before",
    "under-way": "the same request, with the same key, is being worked on",
    "lost": "the same request was begun, and nobody knows how it ended",
    "outdated": "somebody did something else meanwhile; look, and decide again",
    "conflict": "as things are it cannot be done",
    "busy": "it cannot be done just now; send it again later",
    "throttled": "too many tokens that are not valid came from this network",
    "failed": "a fault of the server's; nothing is known of what was done",
}
"""All there are, as the documentation has them."""

_OF_STATUS = {404: "not-found", 405: "method", 413: "too-large", 415: "media-type"}


class Problem(Exception):
    """Raised by whatever looks at a request; answered as it is."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers, self.more = list(errors), dict(headers or {}), more

    @property
    def body(self) -> bytes:
        told: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        return orjson.dumps(told | ({"errors": self.errors} if self.errors else {}) | self.more)

    @property
    def answer(self) -> Answer:
        return answer(self.body, MEDIA_TYPE, self.status, {**PRIVATE, **self.headers})


def wrong(field: str, problem: str) -> Problem:
    """One field of the body or the query that cannot be what it is."""
    return Problem(422, "invalid", f"{field}: {problem}", errors=[{"field": field, "problem": problem}])


def problem_of(error: Exception) -> Problem:
    """Of whatever a flow or the framework raised. Anything that is not raised on purpose is a fault of ours."""
    match error:
        case Problem():
            return error
        case Reused():
            return Problem(422, "key-reused", str(error))
        case UnderWay():
            return Problem(409, "under-way", str(error), headers=SOON)
        case Lost():
            return Problem(409, "lost", str(error))
        case Outdated():
            return Problem(409, "outdated", str(error))
        case NotFound():
            return Problem(404, "not-found", str(error))
        case UnsafeValue():
            return Problem(422, "invalid", str(error))
        case Busy():
            return Problem(409, "busy", str(error), headers=SOON)
        case StoreError():
            return Problem(503, "failed", "The database cannot be used just now.", headers=SOON)
        case SyndicateError():
            return Problem(409, "conflict", str(error))
        case HTTPException():
            return _http(error)
        case _:
            return Problem(500, "failed", "The server failed; its log says why. Look before you try again.")


def for_programs(handler: Callable[[Asked, Any], Answer]) -> Callable[[Asked, Any], Answer]:
    """``handler`` answers people; what is asked under ``/api/`` is answered here."""

    def handle(request: Asked, error: Exception) -> Answer:
        if not f"{request.scope['path']}/".startswith("/api/"):
            return handler(request, error)
        problem = problem_of(error)
        if problem.status >= 500:
            _log.error("a program could not be answered", exc_info=error)
        return problem.answer

    return handle


def invalid(error: ValidationError) -> Problem:
    """Of a body or a query that is not what a model takes."""
    errors = [
        {
            "field": ".".join(map(str, one["loc"])) or "body",
            "problem": one["msg"].removeprefix("Value error, "),
        }
        for one in error.errors(include_url=False, include_context=False, include_input=False)[:50]
    ]
    told = "; ".join(f"{one['field']}: {one['problem']}" for one in errors[:3])
    return Problem(422, "invalid", told, errors=errors)


def _http(error: HTTPException) -> Problem:
    """405 and the like, which the framework says."""
    status = error.status_code
    allow = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    code = _OF_STATUS.get(status, "failed" if status >= 500 else "invalid")
    return Problem(status, code, _TOLD.get(code, HTTPStatus(status).phrase), headers=allow)


_TOLD = {
    "not-found": "There is nothing at this address. /api/openapi.json lists all that there are.",
    "method": "This address does not take this method. The Allow header says which it takes.",
    "too-large": "The body is too large.",
}
