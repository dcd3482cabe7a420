"""A call: a program of a member of staff asks for something, or does something."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from syndicate.flows.accounts import Bearer
from syndicate.flows.house import House
from syndicate.model import Actor, Newsletter, NotFound
from syndicate.web.api.problems import wrong
from syndicate.web.api.shapes import Given
from syndicate.web.routes import Asked

LONGEST_NUMBER, LONGEST_NAME = 18, 500

G = TypeVar("G", bound=Given)


@dataclass(frozen=True, slots=True)
class Call(Generic[G]):
    """``given`` is the body of a POST or the query of a GET, checked; ``now`` is UTC."""

    request: Asked
    house: House
    bearer: Bearer
    given: G
    now: datetime
    clock: Callable[[], datetime]

    @property
    def actor(self) -> Actor:
        return self.bearer.actor

    def number(self, name: str) -> int:
        """Of the path. Raises NotFound for what is no number."""
        text = self.name(name)
        if not (text.isascii() and text.isdecimal()) or len(text) > LONGEST_NUMBER:
            raise NotFound(f"{name} is a number")
        return int(text)

    def name(self, name: str) -> str:
        """Of the path. Raises NotFound for what can be the name of nothing."""
        text = str(self.request.path_params[name])
        if not text.isprintable() or len(text) > LONGEST_NAME:
            raise NotFound(f"there is no such {name}")
        return text

    def newsletter(self, field: str, key: str) -> Newsletter:
        """What a field names. Raises a problem that lists those there are."""
        try:
            return self.house.newsletter(key)
        except NotFound as error:
            raise wrong(field, str(error)) from error
