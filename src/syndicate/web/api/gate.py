"""The gate of the API: who gets in, what they may, and that whatever is sent twice is done once.

    host -> token (RFC 6750) -> role -> key -> body, checked -> begun before? -> the flow -> answer, kept

There is no other way to add an address than with the role that it needs. A token stands in a header, which no page of
another site can send: there are no cookies here, so nothing can be forged, and no page elsewhere may read an answer.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, TypeAlias, cast

from anyio.to_thread import run_sync
from litestar import post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import RawBody
from pydantic import BaseModel

from syndicate.flows import once
from syndicate.flows.house import House
from syndicate.flows.once import Kept
from syndicate.model import Role
from syndicate.web.api.call import Call, G
from syndicate.web.api.operations import CSV, Operation
from syndicate.web.api.problems import problem_of
from syndicate.web.api.reading import Digest, given_in, hash_of, key_of, query_of, refused_kind
from syndicate.web.api.telling import file_answer, json_answer, text_of
from syndicate.web.api.tokens import Porter
from syndicate.web.routes import LOOK, Answer, Asked

LARGEST_BODY = 2 * 1024 * 1024
LARGEST_FILE = 512 * 1024 * 1024
REPLAYED = "idempotency-replayed"

_log = logging.getLogger("syndicate.web")

Handler: TypeAlias = Callable[[Call[G]], BaseModel]
Taker: TypeAlias = Callable[[Call[G], IO[bytes]], BaseModel]
Writer: TypeAlias = Callable[[Call[G]], Iterator[bytes]]


class Gate:
    """Handlers are added by the methods; ``routes`` are what Litestar is given, ``operations`` what they can do."""

    def __init__(self, house: House, clock: Callable[[], datetime]) -> None:
        self.house, self.clock = house, clock
        self.routes: list[HTTPRouteHandler] = []
        self.operations: list[Operation] = []
        self._porter = Porter(house, clock)

    def look(
        self, path: str, needs: Role, takes: type[G], gives: type[BaseModel]
    ) -> Callable[[Handler[G]], Handler[G]]:
        """GET and HEAD: nothing changes. ``takes`` is the query."""

        def register(handler: Handler[G]) -> Handler[G]:
            operation = Operation("GET", path, needs, _says(handler), takes, gives)

            def look_at(request: Asked) -> Answer:
                return self._safely(lambda: json_answer(200, text_of(handler(self._asked(request, takes)))))

            self._add_look(operation, look_at)
            return handler

        return register

    def ask(
        self, path: str, needs: Role, takes: type[G], gives: type[BaseModel]
    ) -> Callable[[Handler[G]], Handler[G]]:
        """POST that looks something up by what must not stand in an address. Nothing changes, nothing is kept."""

        def register(handler: Handler[G]) -> Handler[G]:
            operation = Operation("POST", path, needs, _says(handler), takes, gives)

            def look_up(request: Asked, body: RawBody) -> Answer:
                return self._safely(
                    lambda: json_answer(
                        200, text_of(handler(self._call(request, given_in(takes, request, body))))
                    )
                )

            self._add_act(operation, look_up)
            return handler

        return register

    def act(
        self,
        path: str,
        needs: Role,
        takes: type[G],
        gives: type[BaseModel],
        *,
        status: int = 200,
        is_repeatable: bool = True,
    ) -> Callable[[Handler[G]], Handler[G]]:
        """POST that changes something. ``is_repeatable``: what is done already is answered so, and not done again."""

        def register(handler: Handler[G]) -> Handler[G]:
            operation = Operation("POST", path, needs, _says(handler), takes, gives, status, is_kept=True)

            def act_on(request: Asked, body: RawBody) -> Answer:
                def do() -> Answer:
                    call = self._call(request, given_in(takes, request, body))
                    deed = _Deed(lambda: text_of(handler(call)), status, is_repeatable)
                    return self._once(call, hash_of(request, hashlib.sha256(body)), deed)

                return self._safely(do)

            self._add_act(operation, act_on)
            return handler

        return register

    def take(
        self, path: str, needs: Role, takes: type[G], gives: type[BaseModel], *, status: int
    ) -> Callable[[Taker[G]], Taker[G]]:
        """POST of a CSV file, however large: it goes to disk as it comes. ``takes`` is the query."""

        def register(handler: Taker[G]) -> Taker[G]:
            kinds = {"takes_file": True, "is_kept": True}
            operation = Operation("POST", path, needs, _says(handler), takes, gives, status, **kinds)

            async def take_in(request: Asked) -> Answer:
                if refused := refused_kind(request, CSV):
                    return refused.answer
                digest = hashlib.sha256()
                # Closed when it was answered; readable by nobody else, and gone from the folder at once.
                with cast(IO[bytes], TemporaryFile()) as file:
                    async for chunk in request.stream():
                        digest.update(chunk)
                        await run_sync(file.write, chunk)
                    file.seek(0)
                    return await run_sync(self._taken, request, handler, takes, file, digest, status)

            self._add(
                operation,
                post(
                    operation.pattern,
                    before_request=self._entrance(operation),
                    status_code=200,
                    opt={"needs": needs},
                    name=f"POST {operation.address}",
                    request_max_body_size=LARGEST_FILE,
                    include_in_schema=False,
                )(take_in),
            )
            return handler

        return register

    def write(self, path: str, needs: Role, takes: type[G]) -> Callable[[Writer[G]], Writer[G]]:
        """POST that is answered by a CSV file, made while it goes out, and not kept."""

        def register(handler: Writer[G]) -> Writer[G]:
            operation = Operation("POST", path, needs, _says(handler), takes, None)

            def write_out(request: Asked, body: RawBody) -> Answer:
                return self._safely(
                    lambda: file_answer(handler(self._call(request, given_in(takes, request, body))))
                )

            self._add_act(operation, write_out)
            return handler

        return register

    def _add_look(self, operation: Operation, handler: Callable[[Asked], Answer]) -> None:
        made = route(
            operation.pattern,
            http_method=LOOK,
            sync_to_thread=True,
            before_request=self._entrance(operation),
            opt={"needs": operation.needs},
            name=f"GET {operation.address}",
            include_in_schema=False,
        )(handler)
        self._add(operation, made)

    def _add_act(self, operation: Operation, handler: Callable[[Asked, RawBody], Answer]) -> None:
        made = post(
            operation.pattern,
            sync_to_thread=True,
            before_request=self._entrance(operation),
            status_code=200,
            opt={"needs": operation.needs},
            name=f"POST {operation.address}",
            request_max_body_size=LARGEST_BODY,
            include_in_schema=False,
        )(handler)
        self._add(operation, made)

    def _add(self, operation: Operation, made: HTTPRouteHandler) -> None:
        self.operations.append(operation)
        self.routes.append(made)

    def _entrance(self, operation: Operation) -> Callable[[Asked], Answer | None]:
        """Who gets in; asked before a byte of the body is read."""

        def enter(request: Asked) -> Answer | None:
            try:
                request.state.bearer = self._porter.admitted(request, operation.needs)
                if operation.method == "POST":
                    request.state.key = key_of(request)
            except Exception as error:
                return self._refused(error)
            return None

        return enter

    def _call(self, request: Asked, given: G) -> Call[G]:
        return Call(request, self.house, request.state.bearer, given, self.clock(), self.clock)

    def _asked(self, request: Asked, takes: type[G]) -> Call[G]:
        return self._call(request, query_of(takes, request))

    def _taken(
        self,
        request: Asked,
        handler: Taker[G],
        takes: type[G],
        file: IO[bytes],
        digest: Digest,
        status: int,
    ) -> Answer:
        def do() -> Answer:
            call = self._asked(request, takes)
            deed = _Deed(lambda: text_of(handler(call, file)), status, is_repeatable=False)
            return self._once(call, hash_of(request, digest), deed)

        return self._safely(do)

    def _once(self, call: Call[G], digest: str, deed: "_Deed") -> Answer:
        """The deed's answer: now, or the one that was kept. What failed may be tried again with the same key, unless
        it would do more the second time: who knows how far it came."""
        asked = once.Request(f"token {call.bearer.token}", call.request.state.key, digest)
        if kept := once.begin(self.house.database, asked, call.now, is_repeatable=deed.is_repeatable):
            return json_answer(kept.status, kept.body, {REPLAYED: "true"})
        try:
            made = deed.done()
        except Exception as error:
            if deed.is_repeatable or problem_of(error).code == "busy":
                once.let_go(self.house.database, asked, call.now)
            raise
        once.keep(self.house.database, asked, call.now, made)
        return json_answer(made.status, made.body)

    def _safely(self, answered: Callable[[], Answer]) -> Answer:
        try:
            return answered()
        except Exception as error:
            return self._refused(error)

    def _refused(self, error: Exception) -> Answer:
        problem = problem_of(error)
        if problem.status >= 500:
            _log.error("a program could not be answered", exc_info=error)
        return problem.answer


class _Deed:
    """What is done once, and how it is told."""

    def __init__(self, do: Callable[[], str], status: int, is_repeatable: bool) -> None:
        self.do, self.status, self.is_repeatable = do, status, is_repeatable

    def done(self) -> Kept:
        """A refusal is an answer, too. Raises what is a fault of ours, or may be tried again in a moment."""
        try:
            return Kept(self.status, self.do())
        except Exception as error:
            problem = problem_of(error)
            if problem.status >= 500 or problem.code == "busy":
                raise
            return Kept(problem.status, problem.body.decode())


def _says(handler: Callable[..., object]) -> str:
    return " ".join((handler.__doc__ or "").split())
