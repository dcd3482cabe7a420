"""The audit log, for admins."""

from syndicate.flows import accounts
from syndicate.model import Role
from syndicate.web.console.door import Door, Visit
from syndicate.web.routes import Answer


def audit_pages(door: Door) -> None:
    @door.look("/staff/audit/", Role.ADMIN)
    def look(visit: Visit) -> Answer:
        before = visit.query("before")
        entries = accounts.audit_log(
            visit.house, int(before) if before.isdecimal() else 0, visit.query("subject")[:80]
        )
        return door.screens.show(visit, "audit", entries=entries, subject=visit.query("subject")[:80])
