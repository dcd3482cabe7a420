"""The application: which address is answered by what.

Handlers are synchronous and run in threads (law 9). Nothing here logs a path: paths hold readers' tokens.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from litestar import Litestar, Router, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from syndicate.flows.house import House
from syndicate.model import UnsafeValue
from syndicate.web.answers import answer, moved, page
from syndicate.web.conditions import preferred_languages
from syndicate.web.console import console_routes
from syndicate.web.hooks import Hooks
from syndicate.web.pages import STYLE, Pages
from syndicate.web.readers import Readers
from syndicate.web.routes import LOOK, Answer, Asked
from syndicate.web.routes.operators import operator_routes
from syndicate.web.routes.providers import provider_routes
from syndicate.web.routes.readers import reader_routes
from syndicate.web.tree import tree_answer

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
        *reader_routes(readers),
        *provider_routes(hooks),
        *operator_routes(house),
        *console_routes(house, clock),
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

    @route(f"/{STYLE}", http_method=LOOK, sync_to_thread=True)
    def style() -> Answer:
        return answer(
            pages.style(), "text/css; charset=utf-8", headers={"cache-control": "public, max-age=600"}
        )

    @route("/{path:path}", http_method=LOOK, sync_to_thread=True)
    def tree(request: Asked) -> Answer:
        return tree_answer(house, request) or errors.not_found(request)

    return [home, style, tree]


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
