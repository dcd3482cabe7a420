"""The server process."""

from datetime import UTC, datetime

from syndicate.flows.house import House
from syndicate.web.application import application


def serve(house: House, host: str, port: int) -> None:
    """Serve until interrupted (SIGINT, SIGTERM). Raises SystemExit when the address cannot be listened on.

    The client's address is what ``web.proxies`` say it is, and nobody else's word counts. uvicorn writes no lines of
    its own about requests, their paths hold readers' tokens: see ``watch``.
    """
    import uvicorn

    uvicorn.run(
        application(house, lambda: datetime.now(UTC)),
        host=host,
        port=port,
        workers=1,
        proxy_headers=bool(house.proxies),
        forwarded_allow_ips=list(house.proxies),
        access_log=False,
        log_config=None,
        server_header=False,
    )
