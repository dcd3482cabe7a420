"""The porter: whose token it is (RFC 6750), and whether that lets them in."""

from collections.abc import Callable, Mapping
from datetime import datetime
from math import ceil
from typing import NoReturn

from syndicate.flows import accounts
from syndicate.flows.accounts import Bearer
from syndicate.flows.house import House
from syndicate.model import Role
from syndicate.subscribers.signups import network
from syndicate.web.api.problems import Problem
from syndicate.web.hosts import is_known, known_hosts
from syndicate.web.routes import Asked

LONGEST_TOKEN = 200
_REALM = 'Bearer realm="syndicate"'


class Porter:
    """Stands in front of every address of the API."""

    def __init__(self, house: House, clock: Callable[[], datetime]) -> None:
        self.house, self.clock = house, clock
        self._hosts = known_hosts(house.site.public_url, house.hosts)

    def admitted(self, request: Asked, needs: Role) -> Bearer:
        """Whom the program acts for. Raises a problem for whoever does not get in."""
        if not is_known(request.headers.get("host", ""), self._hosts):
            raise Problem(
                400, "host", "This server is not known by that name. Call it by that of site.public_url."
            )
        bearer = self._bearer(request)
        if bearer.lacks_factor:
            raise Problem(
                403,
                "second-factor",
                "The owner of this token has still to set up a second factor, on their account page.",
            )
        if not bearer.actor.role.may(needs):
            raise Problem(
                403,
                "role",
                f"This needs a token of the role {needs}; this one's, or its owner's, is {bearer.actor.role}.",
                headers=_challenge(error="insufficient_scope", scope=str(needs)),
            )
        return bearer

    def _bearer(self, request: Asked) -> Bearer:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            # Who brings none is told how, and no more (RFC 6750, section 3.1).
            raise Problem(
                401,
                "unauthenticated",
                "Send a token, made on the account page of the console: Authorization: Bearer …",
                headers=_challenge(),
            )
        now, here = self.clock(), _network(request)
        token = token.strip()
        is_whole = token.isascii() and 0 < len(token) <= LONGEST_TOKEN
        found = accounts.bearer(self.house, token, here, now) if is_whole else None
        return found or self._refuse(here, now)

    def _refuse(self, here: str, now: datetime) -> NoReturn:
        pause = accounts.wrong_token(self.house, here, now)
        if pause:
            seconds = str(ceil(pause.total_seconds()))
            told = "Too many tokens that are not valid came from this network. Mend or stop that program."
            raise Problem(429, "throttled", told, headers={"retry-after": seconds})
        told = "This token is not valid: it was revoked, has ended, or never was one."
        raise Problem(
            401,
            "unauthenticated",
            told,
            headers=_challenge(error="invalid_token", error_description=told),
        )


def _challenge(**told: str) -> Mapping[str, str]:
    """WWW-Authenticate (RFC 6750, section 3)."""
    return {"www-authenticate": ", ".join([_REALM, *(f'{name}="{value}"' for name, value in told.items())])}


def _network(request: Asked) -> str:
    """Where a request comes from, as far as is kept."""
    client = request.client
    return network(client.host) if client else ""
