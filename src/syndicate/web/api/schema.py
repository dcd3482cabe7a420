"""The API's part of the OpenAPI document (3.1), made of the same models that requests are checked with."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from syndicate.web.api.operations import CSV, JSON, Operation
from syndicate.web.api.problems import CODES, MEDIA_TYPE

_REF = "#/components/schemas/{model}"
_TOKEN = "token"  # noqa: S105 (the name of a scheme)

_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "New for each new request. The same request with the same key, within 48 hours, is done once and "
    "answered the same.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457). "
    + " ".join(f"`{code}`: {told}." for code, told in CODES.items()),
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"enum": list(CODES)},
        "detail": {"type": "string", "description": "What it is, and what to do, for a person."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "problem"],
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
        "current": {"description": "Of a draft that somebody saved meanwhile: what it is now."},
    },
    "example": {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "code": "invalid",
        "detail": "people: Field required",
        "errors": [{"field": "people", "problem": "Field required"}],
    },
}

_ALWAYS = (400, 401, 403, 404, 422, 429, 500, 503)
_POSTED = (409, 413, 415)


def components(operations: Iterable[Operation]) -> dict[str, Any]:
    """Schemas of all that is taken and given, and how a token is sent."""
    made = _schemas(tuple(operations))[1]
    scheme = {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of a member of staff, made on their account page.",
    }
    return {"schemas": {**made, "Problem": _PROBLEM}, "securitySchemes": {_TOKEN: scheme}}


def paths(operations: Iterable[Operation]) -> dict[str, dict[str, Any]]:
    """What stands under ``paths``."""
    every = tuple(operations)
    refs, schemas = _schemas(every)
    found: dict[str, dict[str, Any]] = {}
    for one in every:
        found.setdefault(one.address, {})[one.method.lower()] = _operation(one, refs, schemas)
    return found


_Refs: TypeAlias = Mapping[Any, Mapping[str, Any]]
"""By (model, mode)."""


def _schemas(operations: tuple[Operation, ...]) -> tuple[_Refs, Mapping[str, Any]]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    for one in operations:
        wanted[one.takes, "validation"] = None
        if one.gives:
            wanted[one.gives, "serialization"] = None
    refs, definitions = models_json_schema(list(wanted), ref_template=_REF)
    found: Mapping[str, Any] = definitions.get("$defs", {})
    return refs, found


def _operation(one: Operation, refs: _Refs, schemas: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "tags": [one.address.split("/")[2]],
        "operationId": f"{one.method.lower()}{one.address.replace('/', '-').replace('{', '').replace('}', '')}",
        "summary": one.says.partition(". ")[0].rstrip("."),
        "description": f"{one.says} Needs the role {one.needs}.",
        "security": [{_TOKEN: []}],
        "parameters": [*_in_path(one), *_in_query(one, refs, schemas), *_in_header(one)],
        "responses": {str(one.status): _success(one, refs), **_refusals(one)},
    }
    if one.takes_file:
        made["requestBody"] = {"required": True, "content": {CSV: {"schema": {"type": "string"}}}}
    elif one.method == "POST":
        schema = refs[one.takes, "validation"]
        is_needed = bool(_resolved(schema, schemas).get("required"))
        made["requestBody"] = {"required": is_needed, "content": {JSON: {"schema": schema}}}
    return made


def _in_path(one: Operation) -> list[dict[str, Any]]:
    number = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
    name = {"type": "string", "minLength": 1}
    return [
        {"name": parameter, "in": "path", "required": True, "schema": number if is_number else name}
        for parameter, is_number in one.parameters()
    ]


def _in_query(one: Operation, refs: _Refs, schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    if one.method == "POST" and not one.takes_file:
        return []
    schema = _resolved(refs[one.takes, "validation"], schemas)
    needed = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _without_null(of)}
        for name, of in schema.get("properties", {}).items()
    ]


def _in_header(one: Operation) -> list[dict[str, Any]]:
    return [_KEY] if one.method == "POST" else []


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A query leaves out what a body would say null to."""
    made = {name: value for name, value in schema.items() if name not in ("title", "default")}
    others = [one for one in made.get("anyOf", ()) if one.get("type") != "null"]
    return {**{k: v for k, v in made.items() if k != "anyOf"}, **others[0]} if len(others) == 1 else made


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schemas[schema["$ref"].rpartition("/")[2]]
    return found


def _success(one: Operation, refs: _Refs) -> dict[str, Any]:
    if one.gives is None:
        content: dict[str, Any] = {CSV: {"schema": {"type": "string"}}}
    else:
        content = {JSON: {"schema": refs[one.gives, "serialization"]}}
    told: dict[str, Any] = {"description": HTTPStatus(one.status).phrase, "content": content}
    if one.is_kept:
        replayed = {"description": "This answer was given before.", "schema": {"const": "true"}}
        told["headers"] = {"Idempotency-Replayed": replayed}
    return told


def _refusals(one: Operation) -> dict[str, Any]:
    statuses = sorted({*_ALWAYS, *(_POSTED if one.method == "POST" else ())})
    return {str(status): _refusal(status) for status in statuses}


def _refusal(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
    }
    text = {"schema": {"type": "string"}}
    if status == 401:
        told["headers"] = {"WWW-Authenticate": text}
    elif status in (409, 429, 503):
        told["headers"] = {"Retry-After": text}
    return told
