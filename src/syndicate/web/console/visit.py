"""Somebody of the staff at a page: who, from where, when, and what their form said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from syndicate.flows.accounts import SignedIn
from syndicate.flows.house import House
from syndicate.model import Actor, NotFound, Role, UnsafeValue
from syndicate.subscribers.signups import network
from syndicate.web.routes import Asked

MOST_FIELDS = 2_000
LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Form:
    """What a form sent: names may come more than once."""

    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.pairs if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.pairs if key == name)

    def under(self, prefix: str) -> Mapping[str, str]:
        """``{"en": …}`` of the fields ``note.en``, … for ``prefix`` ``note.``"""
        return {key.removeprefix(prefix): value for key, value in self.pairs if key.startswith(prefix)}

    def role(self) -> Role:
        """Raises UnsafeValue for what is none."""
        try:
            return Role(self.get("role"))
        except ValueError:
            raise UnsafeValue("There is no such role.") from None

    def number(self, name: str) -> int:
        """0 for what is no number."""
        text = self.get(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else 0

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.pairs)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody of the staff at a page. ``now`` is UTC; ``body`` is the raw one, for uploads."""

    request: Asked
    house: House
    signed: SignedIn
    form: Form
    body: bytes
    now: datetime
    network: str

    @property
    def actor(self) -> Actor:
        return self.signed.actor(self.network)

    @property
    def language(self) -> str:
        return self.signed.member.language

    def number(self, name: str) -> int:
        """Of the path. Raises NotFound for what is no number."""
        text = str(self.request.path_params[name])
        if not (text.isascii() and text.isdecimal()) or len(text) > LONGEST_NUMBER:
            raise NotFound("Page not found")
        return int(text)

    def text(self, name: str) -> str:
        """Of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        return str(self.request.query_params.get(name, default))


def client_network(request: Asked) -> str:
    """Where a request comes from, as far as is kept."""
    client = request.client
    return network(client.host) if client else ""


def form_of(request: Asked, body: bytes) -> Form:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return Form()
    try:
        return Form(tuple(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)))
    except ValueError:
        return Form()
