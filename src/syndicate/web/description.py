"""The OpenAPI document at /api/openapi.json: every public handler and the API, with what each takes and may answer.

Of public pages Litestar knows paths, methods and parameters; our handlers answer bytes, so what these are is told here.
The API describes itself (``api.schema``). The console's pages are for people, and may change any day: they are not in
it.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from litestar import Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from syndicate import __version__
from syndicate.web.api.operations import Operation
from syndicate.web.api.schema import components, paths

PAGE, TEXT, JSON, ANY = "text/html", "text/plain", "application/json", "*/*"
_FORM = "application/x-www-form-urlencoded"

_Answers = Mapping[int, tuple[str, ...]]

_ALWAYS: _Answers = {400: (PAGE, TEXT), 404: (PAGE, TEXT), 500: (PAGE, TEXT)}
"""A host that is not ours, a link that is not valid or no longer there, a fault of ours."""

_POSTED: _Answers = {413: (TEXT,)}

# The first that fits: of paths as they stand in the document, and what they answer when all is well, or nearly.
_ANSWERS: tuple[tuple[str, _Answers], ...] = (
    (r"/", {302: (TEXT,)}),
    (
        r"/\{path\}",
        {200: (ANY,), 206: (ANY,), 226: (ANY,), 301: (TEXT,), 304: (), 406: (TEXT,), 410: (PAGE, TEXT)},
    ),
    (r"/[\w-]+\.css", {200: ("text/css",)}),
    (r"/[\w-]+\.js", {200: ("text/javascript",)}),
    (r"/subscribe", {302: (TEXT,)}),
    (r"/[\w-]+/subscribe", {200: (PAGE,), 422: (PAGE,), 429: (PAGE,), 503: (PAGE,)}),
    (r"/c/.*", {200: (PAGE,), 410: (PAGE,)}),
    (r".*\.json", {200: (JSON,)}),
    (r".*\.csv", {200: ("text/csv",)}),
    (r"/hooks/.*", {204: (), 403: (TEXT,)}),
    (r"/healthz", {200: (TEXT,)}),
    (r"/healthz/ready", {200: (TEXT,), 503: (TEXT,)}),
    (r"/metrics", {200: (TEXT,)}),
    (r".*", {200: (PAGE,)}),
)

_FIELDS = ("email", "name", "language", "newsletter", "cadence", "timezone", "reason", "words", "undo")


class _Described(JsonRenderPlugin):
    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__(path="/")
        self._api = {"paths": paths(operations), "components": components(operations)}

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        made = described(openapi_schema)
        return orjson.dumps(
            {**made, "paths": {**made["paths"], **self._api["paths"]}, "components": self._api["components"]}
        )


def description(operations: Sequence[Operation]) -> OpenAPIConfig:
    """``operations`` are the API's."""
    return OpenAPIConfig(
        title="syndicate",
        version=__version__,
        description="Feeds, archive and readers' pages of a newsroom, for which a link's token is the proof; and the "
        "API for its staff's programs under /api/, which asks for a token.",
        # Not above it: Litestar has a page of its own for whatever it does not find there.
        path="/api/openapi.json",
        render_plugins=[_Described(operations)],
        use_handler_docstrings=True,
    )


def described(document: Mapping[str, Any]) -> dict[str, Any]:
    """Litestar's document with our answers and bodies in place of what it takes them for."""
    pages = {
        path: {
            method: _operation(path, method, operation) if "responses" in operation else operation
            for method, operation in item.items()
            if isinstance(operation, Mapping)
        }
        for path, item in document["paths"].items()
    }
    return {**document, "paths": pages}


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    answers = {**_ALWAYS, **(_POSTED if method == "post" else {}), **_answers(path)}
    # Litestar calls the rest of a path a URI, which it is not.
    parameters = [
        {**one, "schema": _without_format(one["schema"])} for one in operation.get("parameters", ())
    ]
    made = {
        **operation,
        "parameters": parameters,
        "responses": {str(status): _response(status, kinds) for status, kinds in answers.items()},
    }
    if method == "post":
        made["requestBody"] = {"content": _body(path), "required": False}
    return made


def _without_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "format"}


def _answers(path: str) -> _Answers:
    return next(answers for pattern, answers in _ANSWERS if re.fullmatch(pattern, path))


def _response(status: int, kinds: tuple[str, ...]) -> dict[str, Any]:
    content: dict[str, Any] = {kind: {"schema": {}} for kind in kinds}
    told = {"description": "IM Used" if status == 226 else HTTPStatus(status).phrase}
    return {**told, "content": content} if content else told


def _body(path: str) -> dict[str, Any]:
    """A provider's call is whatever it signs; a reader's is a form, and a mail program's is one of one field."""
    if path.startswith("/hooks/"):
        return {JSON: {"schema": {"type": "array", "items": {"type": "object"}}}}
    texts: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
    return {_FORM: {"schema": {"type": "object", "properties": dict.fromkeys(_FIELDS, texts)}}}
