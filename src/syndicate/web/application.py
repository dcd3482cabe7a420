"""The application: which address is answered by what.

Handlers are synchronous and run in threads (law 9). Nothing here logs a path: paths hold readers' tokens.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from litestar import Litestar, Router, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler

from syndicate.flows.house import House
from syndicate.languages import SHIPPED
from syndicate.model import NotFound, UnsafeValue
from syndicate.web.answers import answer, moved, page
from syndicate.web.api import api, for_programs
from syndicate.web.conditions import preferred_languages
from syndicate.web.console import console_routes
from syndicate.web.description import description
from syndicate.web.hooks import Hooks
from syndicate.web.hosts import is_known, known_hosts
from syndicate.web.metrics import Metrics
from syndicate.web.pages import Pages
from syndicate.web.past import past_answer
from syndicate.web.postman import Postman
from syndicate.web.routes import LOOK, Answer, Asked
from syndicate.web.routes.operators import operator_routes
from syndicate.web.routes.providers import provider_routes
from syndicate.web.routes.readers import reader_routes
from syndicate.web.tree import Tree
from syndicate.web.watch import Watch, Watched

LARGEST_BODY = 64 * 1024
"""Of a reader's POST, in bytes. A mail program's one-click body has 26."""

_log = logging.getLogger("syndicate.web")


def application(house: House, clock: Callable[[], datetime]) -> Litestar:
    """``clock`` gives the time (aware, UTC) at which people leave and come back, and providers call."""
    pages = Pages(house.site, house.templates)
    hooks, postman, metrics = Hooks(house, clock), Postman(house, clock), Metrics(house, clock)
    errors = _Errors(pages, known_hosts(house.site.public_url, house.hosts))
    programs = api(house, clock)
    # One router, registered once: Litestar 2.25 wraps a synchronous handler again (and then never runs it) each
    # time another handler of the same path is registered.
    everything: list[HTTPRouteHandler | Router] = [
        *_public(house, errors),
        reader_routes(house, pages, clock, errors.admit),
        *provider_routes(hooks),
        *operator_routes(house, metrics, errors.not_found),
        *console_routes(house, clock, errors.admit),
        *programs.routes,
    ]
    return Application(
        Tree(house),
        Watch(metrics.counters),
        [Router("/", route_handlers=everything)],
        exception_handlers={
            UnsafeValue: for_programs(errors.bad_link),
            NotFound: for_programs(errors.gone),
            HTTPException: for_programs(errors.refused),
            Exception: for_programs(errors.failed),
        },
        openapi_config=description(programs.operations),
        logging_config=None,
        request_max_body_size=LARGEST_BODY,
        on_startup=[hooks.start, postman.start],
        on_shutdown=[hooks.stop, postman.stop],
    )


def _public(house: House, errors: "_Errors") -> list[HTTPRouteHandler]:
    @route("/", http_method=LOOK, sync_to_thread=False)
    def home() -> Answer:
        """The feeds are the front page."""
        return moved(302, "/feeds/")

    @route("/{path:path}", http_method=LOOK, sync_to_thread=True)
    def tree(request: Asked) -> Answer:
        """A file of the public tree: feeds, archive pages, pictures."""
        return past_answer(house, request, errors.retired) or errors.not_found(request)

    return [home, tree]


class Application(Litestar):
    """Litestar, with the public tree in front of it: files do not pass the framework. All answers are watched."""

    def __init__(
        self, tree: Tree, watch: Watch, handlers: Sequence[ControllerRouterHandler], **settings: Any
    ) -> None:
        super().__init__(handlers, **settings)
        self._tree, self._watch = tree, watch

    # Any: the types of ASGI's three kinds of scope do not tell that a kind of scope has its kind of send.
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        answer = Watched(send)
        is_file = await self._tree.answer(scope, answer)
        if not is_file:
            await super().__call__(scope, receive, answer)
        self._watch.seen(scope, answer, is_file=is_file)


class _Errors:
    """Pages for what goes wrong, in the language that was chosen, else of the address, else of the browser."""

    def __init__(self, pages: Pages, hosts: frozenset[str]) -> None:
        self.pages, self.hosts = pages, hosts

    def admit(self, request: Asked) -> Answer | None:
        """None for who calls this server by one of its names."""
        is_ours = is_known(request.headers.get("host", ""), self.hosts)
        return None if is_ours else self._page(request, "wrong_host", 400)

    def gone(self, request: Asked, _: NotFound) -> Answer:
        return self.not_found(request)

    def not_found(self, request: Asked) -> Answer:
        return self._page(request, "not_found", 404)

    def retired(self, request: Asked) -> Answer:
        """Of a feed or archive page that was published once."""
        return self._page(request, "retired", 410)

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
        here = [first] if first in (*self.pages.site.languages, *SHIPPED) else []
        wanted = [*here, *preferred_languages(request.headers.get("accept-language", ""))]
        tongue = self.pages.tongue(request.query_params.get("in", ""), wanted)
        return page(self.pages.render("message", tongue, what=what), status, {"vary": "Accept-Language"})
