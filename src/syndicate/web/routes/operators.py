"""What machines of the operator ask: is it alive."""

from litestar import route
from litestar.handlers import HTTPRouteHandler

from syndicate.flows.house import House
from syndicate.web.answers import answer
from syndicate.web.routes import LOOK, Answer


def operator_routes(house: House) -> list[HTTPRouteHandler]:
    @route("/healthz", http_method=LOOK, sync_to_thread=False)
    def health() -> Answer:
        return answer(b"ok\n", "text/plain; charset=utf-8", headers={"cache-control": "no-store"})

    return [health]
