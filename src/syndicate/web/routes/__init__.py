"""Which address is answered by which handler, one module per kind of caller. Handlers are synchronous (law 9)."""

from typing import TypeAlias

from litestar import Request, Response
from litestar.datastructures import State
from litestar.types import Method

Asked: TypeAlias = Request[None, None, State]
Answer: TypeAlias = Response[bytes]

LOOK: list[Method] = ["GET", "HEAD"]
