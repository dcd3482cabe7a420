"""The cookie of a session: scripts cannot read it, and no other site sends it with a form."""

from urllib.parse import urlsplit

from syndicate.web.routes import Asked


class Cookies:
    """``public_url`` is where the newsroom says it is: at an https one, the cookie goes over TLS only."""

    def __init__(self, public_url: str) -> None:
        place = urlsplit(public_url)
        self._secure_host = place.netloc if place.scheme == "https" else ""

    def secret(self, request: Asked) -> str:
        """What the cookie holds; empty where there is none."""
        return request.cookies.get(self._name(request), "")

    def set(self, request: Asked, secret: str, seconds: int) -> str:
        """A Set-Cookie header; ``seconds`` 0 takes it away."""
        flags = "; Secure" if self._is_secure(request) else ""
        return f"{self._name(request)}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{flags}"

    def _name(self, request: Asked) -> str:
        """Over TLS the name itself keeps other hosts and paths from setting it (RFC 6265bis, 4.1.3.2)."""
        return "__Host-staff" if self._is_secure(request) else "staff"

    def _is_secure(self, request: Asked) -> bool:
        """Whether TLS is spoken with the browser, be it by a proxy that does not say so."""
        return request.scope.get("scheme") == "https" or request.headers.get("host", "") == self._secure_host
