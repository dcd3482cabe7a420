"""What a request to SendGrid can end in."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """``left``: it came after the whole request had left. The names in ``headers`` are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    left: bool = True


class Abandoned(Exception):
    """Raised by the mark: the request must not take effect, and it cannot any more."""


class Lost(Exception):
    """No answer. ``left``: the whole request may have arrived. ``reached``: somebody was there to talk to."""

    def __init__(self, reason: str, *, left: bool, reached: bool = True) -> None:
        super().__init__(reason)
        self.left, self.reached = left, reached
