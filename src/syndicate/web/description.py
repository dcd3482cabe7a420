"""The OpenAPI document at /api/openapi.json: every handler, with what it takes and all that it may answer.

Litestar knows paths, methods and parameters. Our handlers answer bytes, so what these are is told here.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from litestar import Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from syndicate import __version__

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
    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return orjson.dumps(described(openapi_schema))


DESCRIPTION = OpenAPIConfig(
    title="syndicate",
    version=__version__,
    description="Feeds, archive and readers' pages of a newsroom. Nothing needs a login: a link's token is the proof.",
    path="/api",
    render_plugins=[_Described(path="/openapi.json")],
    use_handler_docstrings=True,
)


def described(document: Mapping[str, Any]) -> dict[str, Any]:
    """Litestar's document with our answers and bodies in place of what it takes them for."""
    paths = {
        path: {
            method: _operation(path, method, operation) if "responses" in operation else operation
            for method, operation in item.items()
            if isinstance(operation, Mapping)
        }
        for path, item in document["paths"].items()
    }
    return {**document, "paths": paths, "components": {}}


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
