"""Whether an answer of the API is what its own description says: status, kind, and every field of the body."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
from tests.journeys.web_server import Reply


@dataclass
class Contract:
    """``document`` is /api/openapi.json. :meth:`check` raises AssertionError."""

    document: Mapping[str, Any]
    _validators: dict[tuple[str, str, int, str], Any] = field(default_factory=dict)

    def check(self, method: str, path: str, reply: Reply) -> None:
        template = self._template(path.partition("?")[0])
        kind = reply.headers.get("content-type", "").partition(";")[0]
        validator = self._validator(template, method, reply.status, kind)
        if validator is not None:
            problems = [
                f"{e.instance_path}: {e.message}" for e in validator.iter_errors(json.loads(reply.body))
            ]
            assert not problems, f"{method} {template} {reply.status}: {problems[:3]}"

    def _template(self, path: str) -> str:
        """The most literal that fits: ``/api/subscribers/find`` is no ``/api/subscribers/{person}``."""
        found = [
            one
            for one in self.document["paths"]
            if one.startswith("/api/") and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", one), path)
        ]
        assert found, f"{path} is in no description"
        return min(found, key=lambda one: one.count("{"))

    def _validator(self, template: str, method: str, status: int, kind: str) -> Any:
        key = (template, method, status, kind)
        if key not in self._validators:
            self._validators[key] = self._made(*key)
        return self._validators[key]

    def _made(self, template: str, method: str, status: int, kind: str) -> Any:
        operation = self.document["paths"][template].get(method.lower())
        assert operation, f"{method} {template} is in no description"
        responses = operation["responses"]
        assert str(status) in responses, f"{method} {template} may not answer {status}"
        content = responses[str(status)]["content"]
        assert kind in content, f"{method} {template} {status} may not answer {kind!r}"
        if not kind.endswith("json"):
            return None
        schema = {**content[kind]["schema"], "components": self.document["components"]}
        return jsonschema_rs.validator_for(schema)
