"""The server process."""

from datetime import UTC, datetime

from syndicate.flows.house import House
from syndicate.web.application import application


def serve(house: House, host: str, port: int) -> None:
    """Serve until interrupted (SIGINT, SIGTERM). Requests are not logged: their paths hold readers' tokens."""
    import uvicorn

    uvicorn.run(
        application(house, lambda: datetime.now(UTC)),
        host=host,
        port=port,
        access_log=False,
        server_header=False,
    )
