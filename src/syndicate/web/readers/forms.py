"""What a reader's form said."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

MOST_FIELDS = 500
"""Of a form. The largest of ours has two for each newsletter, and a dozen more."""


class Form:
    """The fields of a body sent as application/x-www-form-urlencoded; none for anything else."""

    def __init__(self, body: bytes) -> None:
        self._fields = _read(body)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str, longest: int = 320) -> str:
        """The first value of ``name``, cut to ``longest`` characters; empty where there is none."""
        return next(iter(self.texts(name)), "")[:longest]

    def texts(self, name: str) -> Sequence[str]:
        """Every value of ``name`` that is not empty, once each, without the blanks around it."""
        return tuple(dict.fromkeys(value for one in self._fields.get(name, ()) if (value := one.strip())))


def _read(body: bytes) -> Mapping[str, Sequence[str]]:
    try:
        return parse_qs(body.decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
