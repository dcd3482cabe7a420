"""What providers call: webhooks."""

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, RawBody

from syndicate.web.hooks import LARGEST_BODY, Hooks
from syndicate.web.routes import Answer, Asked


def provider_routes(hooks: Hooks) -> list[HTTPRouteHandler]:
    @post("/hooks/{carrier:str}", sync_to_thread=True, request_max_body_size=LARGEST_BODY)
    def call(carrier: FromPath[str], request: Asked, body: RawBody) -> Answer:
        """What a provider says became of mail, signed. Kept, and read afterwards."""
        return hooks.call(carrier, request.headers, body)

    return [call]
