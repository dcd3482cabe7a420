"""How a flow tells its caller how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Called often and cheaply; ``total`` is None where nobody knows it yet."""

    def __call__(self, stage: str, done: int, total: int | None = None) -> None: ...


def silent(stage: str, done: int, total: int | None = None) -> None:
    """For callers that do not care."""
