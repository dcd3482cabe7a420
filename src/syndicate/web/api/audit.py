"""What staff did, themselves and by programs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from syndicate.flows import accounts
from syndicate.model import Role
from syndicate.web.api.call import Call
from syndicate.web.api.gate import Gate
from syndicate.web.api.shapes import LINE, Given, Number, Told


class AuditWanted(Given):
    """`subject` as it stands in the log: "issue 12", "subscriber 345"."""

    subject: Annotated[str, StringConstraints(max_length=80, pattern=LINE)] = ""
    cursor: Annotated[Number, Field(description="`next` of the page before.")] | None = None


class EntryTold(Told):
    """`staff` is 0 for the command line; `network` is where from, never a whole address."""

    id: int
    at: datetime
    staff: int
    name: str
    role: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    network: str


class AuditTold(Told):
    items: list[EntryTold]
    next: int | None


def audit(gate: Gate) -> None:
    @gate.look("/api/audit", Role.ADMIN, AuditWanted, AuditTold)
    def log(call: Call[AuditWanted]) -> AuditTold:
        """The audit log, newest first, 50 lines at a time."""
        found = accounts.audit_log(call.house, call.given.cursor or 0, call.given.subject)
        items = [EntryTold.model_validate(one) for one in found]
        return AuditTold(items=items, next=found[-1].id if len(found) == accounts.LINES else None)
