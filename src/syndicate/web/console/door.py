"""The door of the console: nobody gets to a page whose role they lack, and no other site acts in their name.

Every address is registered with the role it needs; there is no other way to register one, so that nothing is open by
accident. A session is a cookie that scripts cannot read and that no other site sends with a form (SameSite); each form
carries a token of its session besides, and the browser's own word on where it comes from is heard (Origin).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from urllib.parse import parse_qsl, quote, urlsplit

from litestar import post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import RawBody

from syndicate.flows import accounts
from syndicate.flows.accounts import SignedIn
from syndicate.flows.house import House
from syndicate.model import Actor, NotFound, Role, SyndicateError, UnsafeValue
from syndicate.staff import anti_forgery, is_stepped_up
from syndicate.subscribers.signups import network
from syndicate.web.console.screens import Screens
from syndicate.web.routes import LOOK, Answer, Asked

LARGEST_FORM = 2 * 1024 * 1024
LARGEST_UPLOAD = 512 * 1024 * 1024
MOST_FIELDS = 2_000
SIGN_IN = "/staff/sign-in"
CONFIRM = "/staff/confirm"


@dataclass(frozen=True, slots=True)
class Form:
    """What a form sent: names may come more than once."""

    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.pairs if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.pairs if key == name)

    def under(self, prefix: str) -> Mapping[str, str]:
        """``{"en": …}`` of the fields ``note.en``, … for ``prefix`` ``note.``"""
        return {key.removeprefix(prefix): value for key, value in self.pairs if key.startswith(prefix)}

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.pairs)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody of the staff at a page. ``now`` is UTC; ``body`` is the raw one, for uploads."""

    request: Asked
    house: House
    signed: SignedIn
    form: Form
    body: bytes
    now: datetime
    network: str

    @property
    def actor(self) -> Actor:
        return self.signed.actor(self.network)

    @property
    def language(self) -> str:
        return self.signed.member.language

    def number(self, name: str) -> int:
        """Of the path. Raises NotFound for what is no number."""
        text = str(self.request.path_params[name])
        if not text.isdecimal() or len(text) > 18:
            raise NotFound("Page not found")
        return int(text)

    def text(self, name: str) -> str:
        """Of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        return str(self.request.query_params.get(name, default))


Handler: TypeAlias = Callable[[Visit], Answer]


class Door:
    """Handlers are added by :meth:`look` and :meth:`act`; ``routes`` are what Litestar is given."""

    def __init__(self, house: House, screens: Screens, clock: Callable[[], datetime]) -> None:
        self.house, self.screens, self.clock = house, screens, clock
        self.routes: list[HTTPRouteHandler] = []

    def look(self, path: str, needs: Role, *, again: bool = False) -> Callable[[Handler], Handler]:
        """GET and HEAD. ``again``: only shortly after the password was given (once more)."""

        def register(handler: Handler) -> Handler:
            @route(path, http_method=LOOK, sync_to_thread=True, opt={"needs": needs}, name=f"GET {path}")
            def look_at(request: Asked) -> Answer:
                return self._let_in(request, needs, handler, b"", again)

            self.routes.append(look_at)
            return handler

        return register

    def act(
        self, path: str, needs: Role, *, again: bool = False, largest: int = LARGEST_FORM
    ) -> Callable[[Handler], Handler]:
        """POST, with the anti-forgery token in its form (``_token``) or a header (``X-Token``)."""

        def register(handler: Handler) -> Handler:
            @post(
                path,
                sync_to_thread=True,
                status_code=200,
                opt={"needs": needs},
                name=f"POST {path}",
                request_max_body_size=largest,
            )
            def act_on(request: Asked, body: RawBody) -> Answer:
                return self._let_in(request, needs, handler, body, again)

            self.routes.append(act_on)
            return handler

        return register

    def _let_in(self, request: Asked, needs: Role, handler: Handler, body: bytes, again: bool) -> Answer:
        now, signed = self.clock(), self.signed_in(request)
        if signed is None:
            return self.screens.redirect(f"{SIGN_IN}?next={quote(_here(request), safe='/')}")
        visit = Visit(request, self.house, signed, form_of(request, body), body, now, client_network(request))
        if request.method == "POST" and not self._is_theirs(visit):
            return self.screens.refusal(
                visit, 403, "This form is out of date. Go back, reload and try again."
            )
        if not signed.member.role.may(needs):
            return self.screens.refusal(visit, 403, "Your role does not allow this.")
        if again and not is_stepped_up(signed.session, now):
            return self.screens.redirect(f"{CONFIRM}?next={quote(_here(request), safe='/')}")
        try:
            return handler(visit)
        except NotFound:
            return self.screens.refusal(visit, 404, "Page not found")
        except (SyndicateError, UnsafeValue) as error:
            return self.screens.refusal(visit, 409, str(error))

    def signed_in(self, request: Asked) -> SignedIn | None:
        secret = request.cookies.get(cookie_name(request), "")
        return accounts.signed_in(self.house, secret, self.clock()) if secret else None

    def _is_theirs(self, visit: Visit) -> bool:
        """Whether the request was made by one of our own pages, in this session."""
        wanted = anti_forgery(self.house.key, visit.signed.session.id)
        given = visit.form.get("_token") or visit.request.headers.get("x-token", "")
        return is_same_origin(visit.request) and _equal(given, wanted)


def is_same_origin(request: Asked) -> bool:
    """What the browser itself says of who sends a form; a program that says nothing carries the token only."""
    origin = request.headers.get("origin")
    if origin and origin != "null":
        return urlsplit(origin).netloc == request.headers.get("host", "")
    return origin is None and request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def is_secure(request: Asked) -> bool:
    return request.scope.get("scheme") == "https"


def cookie_name(request: Asked) -> str:
    """Over TLS the name itself keeps other hosts and paths from setting it (RFC 6265bis, 4.1.3.2)."""
    return "__Host-staff" if is_secure(request) else "staff"


def cookie(request: Asked, secret: str, seconds: int) -> str:
    """A Set-Cookie header; ``seconds`` 0 takes it away."""
    flags = "; Secure" if is_secure(request) else ""
    age = f"; Max-Age={seconds}"
    return f"{cookie_name(request)}={secret}; Path=/; HttpOnly; SameSite=Lax{age}{flags}"


def client_network(request: Asked) -> str:
    """Where a request comes from, as far as is kept."""
    client = request.client
    return network(client.host) if client else ""


def next_page(wanted: str) -> str:
    """Where to go on: a page of the console, never elsewhere."""
    is_ours = (
        wanted.startswith("/staff/") and "\\" not in wanted and "//" not in wanted and wanted.isprintable()
    )
    return wanted if is_ours else "/staff/"


def _here(request: Asked) -> str:
    return next_page(str(request.scope["path"]))


def form_of(request: Asked, body: bytes) -> Form:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return Form()
    try:
        return Form(tuple(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)))
    except ValueError:
        return Form()


def _equal(given: str, wanted: str) -> bool:
    import hmac

    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
