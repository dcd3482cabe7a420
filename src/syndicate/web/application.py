"""The application: which address is answered by what.

Handlers are synchronous and run in threads (law 9). Nothing here logs a path: paths hold readers' tokens.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from litestar import Litestar, Request, Response, Router, post, route
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, RawBody
from litestar.types import Method

from syndicate.flows.house import House
from syndicate.model import UnsafeValue
from syndicate.web.answers import answer, moved, page
from syndicate.web.conditions import preferred_languages
from syndicate.web.hooks import LARGEST_BODY as LARGEST_CALL
from syndicate.web.hooks import Hooks
from syndicate.web.pages import STYLE, Pages
from syndicate.web.readers import Readers
from syndicate.web.tree import tree_answer

Asked: TypeAlias = Request[None, None, State]
Answer: TypeAlias = Response[bytes]

LOOK: list[Method] = ["GET", "HEAD"]
LARGEST_BODY = 64 * 1024
"""Of a reader's POST, in bytes. A mail program's one-click body has 26."""

_log = logging.getLogger("syndicate.web")


def application(house: House, clock: Callable[[], datetime]) -> Litestar:
    """``clock`` gives the time (aware, UTC) at which people leave and come back, and providers call."""
    pages = Pages(house.site, house.templates)
    readers = Readers(house, pages, clock)
    hooks = Hooks(house, clock)
    errors = _Errors(pages)
    # One router, registered once: Litestar 2.25 wraps a synchronous handler again (and then never runs it) each
    # time another handler of the same path is registered.
    everything = [
        *_public(house, pages, errors),
        *_unsubscribe(readers),
        *_preferences(readers),
        *_hooks(hooks),
    ]
    return Litestar(
        [Router("/", route_handlers=everything)],
        exception_handlers={
            UnsafeValue: errors.bad_link,
            HTTPException: errors.refused,
            Exception: errors.failed,
        },
        openapi_config=None,
        logging_config=None,
        request_max_body_size=LARGEST_BODY,
        on_startup=[hooks.start],
        on_shutdown=[hooks.stop],
    )


def _public(house: House, pages: Pages, errors: "_Errors") -> list[HTTPRouteHandler]:
    @route("/", http_method=LOOK, sync_to_thread=False)
    def home() -> Answer:
        return moved(302, "/feeds/")

    @route("/healthz", http_method=LOOK, sync_to_thread=False)
    def health() -> Answer:
        return answer(b"ok\n", "text/plain; charset=utf-8", headers={"cache-control": "no-store"})

    @route(f"/{STYLE}", http_method=LOOK, sync_to_thread=True)
    def style() -> Answer:
        return answer(
            pages.style(), "text/css; charset=utf-8", headers={"cache-control": "public, max-age=600"}
        )

    @route("/{path:path}", http_method=LOOK, sync_to_thread=True)
    def tree(request: Asked) -> Answer:
        return tree_answer(house, request) or errors.not_found(request)

    return [home, health, style, tree]


def _unsubscribe(readers: Readers) -> list[HTTPRouteHandler]:
    @route("/u/{token:str}", http_method=LOOK, sync_to_thread=True)
    def ask(token: FromPath[str]) -> Answer:
        return page(readers.ask(token))

    @post("/u/{token:str}", sync_to_thread=True)
    def leave(token: FromPath[str], body: RawBody) -> Answer:
        return page(readers.leave(token, body))

    @post("/u/{token:str}/undo", sync_to_thread=True)
    def undo(token: FromPath[str]) -> Answer:
        return page(readers.undo(token))

    # Where a reader lands who enters the address of what the button led to.
    @route("/u/{token:str}/undo", http_method=LOOK, sync_to_thread=True)
    def ask_again(token: FromPath[str]) -> Answer:
        return page(readers.ask(token))

    return [ask, leave, undo, ask_again]


def _preferences(readers: Readers) -> list[HTTPRouteHandler]:
    @route("/p/{token:str}", http_method=LOOK, sync_to_thread=True)
    def preferences(token: FromPath[str]) -> Answer:
        return page(readers.preferences(token))

    @post("/p/{token:str}", sync_to_thread=True)
    def change(token: FromPath[str], body: RawBody) -> Answer:
        return page(readers.change(token, body))

    return [preferences, change]


def _hooks(hooks: Hooks) -> list[HTTPRouteHandler]:
    @post("/hooks/{carrier:str}", sync_to_thread=True, request_max_body_size=LARGEST_CALL)
    def call(carrier: FromPath[str], request: Asked, body: RawBody) -> Answer:
        return hooks.call(carrier, request.headers, body)

    return [call]


class _Errors:
    """Pages for what goes wrong, in the language of the address, else of the browser."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages

    def not_found(self, request: Asked) -> Answer:
        return self._page(request, "not_found", 404)

    def bad_link(self, request: Asked, _: UnsafeValue) -> Answer:
        return self._page(request, "not_valid", 404)

    def refused(self, request: Asked, error: HTTPException) -> Answer:
        """405, 413 and the like are for programs: a plain line."""
        if error.status_code == 404:
            return self.not_found(request)
        allow = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
        return answer(
            f"{error.status_code}\n".encode(), "text/plain; charset=utf-8", error.status_code, allow
        )

    def failed(self, request: Asked, error: Exception) -> Answer:
        _log.error("a page could not be made", exc_info=error)
        try:
            return self._page(request, "failed", 500)
        except Exception:  # the template itself may be what is broken
            return answer(b"500\n", "text/plain; charset=utf-8", 500)

    def _page(self, request: Asked, what: str, status: int) -> Answer:
        first = request.scope["path"].strip("/").partition("/")[0]
        here = [first] if first in self.pages.site.languages else []
        language = self.pages.language(
            [*here, *preferred_languages(request.headers.get("accept-language", ""))]
        )
        return page(self.pages.render("message", language, what=what), status, {"vary": "Accept-Language"})
