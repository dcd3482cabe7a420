"""The API behind the real server: the console's newsroom, and a token of every role.

``with programs(tmp_path) as served:`` and then ``served.client(Role.EDITOR).get("/api/issues")``,
``served.client(Role.SENDER).post("/api/issues/2/approve", {"people": 150})``.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.journeys.api_contract import Contract
from tests.journeys.console_server import Desk, console
from tests.journeys.web_server import NOW, Reply, Served

from syndicate.flows import accounts
from syndicate.model import Role
from syndicate.staff import new_secret, stored
from syndicate.store import staff as store


@dataclass(frozen=True)
class Program:
    """Whoever has a token. Every answer is held against the description."""

    served: Served
    token: str
    contract: Contract

    @property
    def bearer(self) -> str:
        return f"Bearer {self.token}"

    def get(self, path: str, **headers: str) -> Reply:
        reply = self.served.get(path, authorization=self.bearer, **headers)
        self.contract.check("GET", path, reply)
        return reply

    def post(self, path: str, body: object = None, /, key: str = "", **headers: str) -> Reply:
        """``body`` as JSON; none at all for None. A new key unless one is given."""
        content = b"" if body is None else json.dumps(body).encode()
        return self.send(path, content, key, **{"content_type": "application/json", **headers})

    def send(self, path: str, body: bytes, /, key: str = "", **headers: str) -> Reply:
        """``body`` as it is."""
        given = {"authorization": self.bearer, "idempotency_key": key or str(uuid4()), **headers}
        reply = self.served.ask("POST", path, body, **given)
        self.contract.check("POST", path, reply)
        return reply


@dataclass
class Programs:
    desk: Desk
    contract: Contract
    _programs: dict[Role, Program] = field(default_factory=dict)

    def client(self, role: Role) -> Program:
        """A program with a token of this role, of a member of the same role."""
        if role not in self._programs:
            token = self.token(self.desk.members[role], role)
            self._programs[role] = self.program(token)
        return self._programs[role]

    def program(self, token: str) -> Program:
        """Whoever sends this."""
        return Program(self.desk.served, token, self.contract)

    def token(self, member: int, role: Role, ends: datetime | None = None) -> str:
        """The secret of a new one."""
        secret = new_secret()
        with self.desk.house.database.begin() as connection:
            store.add_token(connection, stored(secret), member, "a program", role, NOW, ends)
        return secret


@contextmanager
def programs(root: Path, more: str = "") -> Iterator[Programs]:
    """``more`` is further config.toml."""
    with console(root, more) as desk:
        yield Programs(desk, Contract(json.loads(desk.served.get("/api/openapi.json").body)))


def lines(made: Programs) -> list[tuple[str, str, str]]:
    """(name, action, subject) of the audit log's last fifty lines, newest first."""
    return [(one.name, one.action, one.subject) for one in accounts.audit_log(made.desk.house)]


def told(reply: Reply) -> Any:
    """The JSON of an answer."""
    return json.loads(reply.body)
