"""What readers touch: the pages that links in a mail lead to."""

from litestar import post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, RawBody

from syndicate.web.answers import page
from syndicate.web.readers import Readers
from syndicate.web.routes import LOOK, Answer


def reader_routes(readers: Readers) -> list[HTTPRouteHandler]:
    return [*_unsubscribe(readers), *_preferences(readers)]


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
