"""What the API can do, written down as each address is registered: for the routes' test, and for OpenAPI."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from syndicate.model import Role
from syndicate.web.api.shapes import Given

JSON, CSV = "application/json", "text/csv"


@dataclass(frozen=True, slots=True)
class Operation:
    """``path`` has parameters as ``{issue:int}`` or ``{story}``. ``gives`` is None for a CSV file.

    ``takes`` is a GET's query or a POST's body; ``takes_file``: the body is a CSV file, ``takes`` its query.
    ``is_kept``: the answer is kept for who sends the same again; of the others the key is only looked at.
    """

    method: str
    path: str
    needs: Role
    says: str
    takes: type[Given]
    gives: type[BaseModel] | None
    status: int = 200
    takes_file: bool = False
    is_kept: bool = False

    @property
    def address(self) -> str:
        """As people write it: ``/api/issues/{issue}``."""
        return self.path.replace(":int}", "}")

    @property
    def pattern(self) -> str:
        """As Litestar has it. Numbers are looked at by ``Call``: what is none is not found, and never too large."""
        return self.address.replace("}", ":str}")

    def parameters(self) -> Iterator[tuple[str, bool]]:
        """(name, whether it is a number) of what is in the path."""
        for part in self.path.split("{")[1:]:
            name, _, kind = part.partition("}")[0].partition(":")
            yield name, kind == "int"
