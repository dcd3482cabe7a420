"""The audit log, for admins."""

from syndicate.flows import accounts
from syndicate.model import Role
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer


def audit_pages(door: Door) -> None:
    @door.look("/staff/audit/", Role.ADMIN)
    def look(visit: Visit) -> Answer:
        before, subject = visit.query("before"), visit.query("subject")[:80]
        number = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else 0
        entries = accounts.audit_log(visit.house, number, subject)
        return door.screens.show(visit, "audit", entries=entries, subject=subject)
