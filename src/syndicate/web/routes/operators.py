"""What machines of the operator ask: is it alive, is it ready, how is it."""

from collections.abc import Callable

from litestar import route
from litestar.handlers import HTTPRouteHandler

from syndicate.flows.house import House
from syndicate.flows.ready import checks
from syndicate.web.answers import answer
from syndicate.web.metrics import Metrics
from syndicate.web.routes import LOOK, Answer, Asked

_FRESH = {"cache-control": "no-store"}
_TEXT = "text/plain; charset=utf-8"


def operator_routes(
    house: House, metrics: Metrics, not_found: Callable[[Asked], Answer]
) -> list[HTTPRouteHandler]:
    """``not_found`` answers those whom /metrics is none of their business."""

    @route("/healthz", http_method=LOOK, sync_to_thread=False)
    def health() -> Answer:
        """The process is alive. Asks nothing of anybody."""
        return answer(b"ok\n", _TEXT, headers=_FRESH)

    @route("/healthz/ready", http_method=LOOK, sync_to_thread=True)
    def ready() -> Answer:
        """All that readers need is there, a line each; 503 when something is not."""
        found = checks(house)
        lines = "".join(f"{one.what}: {'ok' if one.is_well else 'not ready'}\n" for one in found)
        return answer(lines.encode(), _TEXT, 200 if all(one.is_well for one in found) else 503, _FRESH)

    @route("/metrics", http_method=LOOK, sync_to_thread=True)
    def told(request: Asked) -> Answer:
        """For Prometheus, and for the networks of web.metrics_for only."""
        if not metrics.is_for(request.client.host if request.client else ""):
            return not_found(request)
        return answer(metrics.text(), "text/plain; version=0.0.4; charset=utf-8", headers=_FRESH)

    return [health, ready, told]
