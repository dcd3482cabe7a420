"""The door of the console: nobody gets to a page whose role they lack, and no other site acts in their name.

Every address is registered with the role it needs; there is no other way to register one, so that nothing is open by
accident. A session is a cookie that scripts cannot read and that no other site sends with a form (SameSite); each form
carries a token of its session besides, and the browser's own word on where it comes from is heard (Origin).
"""

from collections.abc import Callable
from datetime import datetime
from hmac import compare_digest
from typing import IO, TypeAlias
from urllib.parse import quote, urlsplit

from anyio.to_thread import run_sync
from litestar import post, route
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.handlers import HTTPRouteHandler
from litestar.params import RawBody

from syndicate.flows import accounts
from syndicate.flows.accounts import SignedIn, SignInRefused
from syndicate.flows.house import House
from syndicate.languages import catalogue
from syndicate.model import NotFound, Role, SyndicateError, UnsafeValue
from syndicate.staff import anti_forgery, is_stepped_up
from syndicate.web.console.cookies import Cookies
from syndicate.web.console.screens import Screens
from syndicate.web.console.visit import Form, Visit, client_network, form_of
from syndicate.web.routes import LOOK, Answer, Asked

LARGEST_FORM = 2 * 1024 * 1024
LARGEST_UPLOAD = 512 * 1024 * 1024
SIGN_IN = "/staff/sign-in"
CONFIRM = "/staff/confirm"
ACCOUNT = "/staff/account"
GIVEN_AGAIN = "_password"
"""The field of the page that asks for it again."""

OUT_OF_DATE = "This form is out of date. Go back, reload and try again."


Handler: TypeAlias = Callable[[Visit], Answer]
Receiver: TypeAlias = Callable[[Visit, str, IO[bytes]], Answer]
"""Gets the name of a file and the file, beside the visit."""


class Door:
    """Handlers are added by :meth:`look` and :meth:`act`; ``routes`` are what Litestar is given.

    ``admit`` is asked first, and answers who calls this server by a name that is not its own.
    """

    def __init__(
        self,
        house: House,
        screens: Screens,
        clock: Callable[[], datetime],
        admit: Callable[[Asked], Answer | None],
    ) -> None:
        self.house, self.screens, self.clock, self.admit = house, screens, clock, admit
        self.cookies = Cookies(house.site.public_url)
        self.routes: list[HTTPRouteHandler] = []

    def look(
        self, path: str, needs: Role, *, again: bool = False, bare: bool = False
    ) -> Callable[[Handler], Handler]:
        """GET and HEAD. ``again``: only shortly after the password was given (once more).

        ``bare``: open, too, to who has still to set up the second factor that their role needs.
        """
        enter = self._entrance(needs, bare)

        def register(handler: Handler) -> Handler:
            @route(
                path,
                http_method=LOOK,
                sync_to_thread=True,
                before_request=enter,
                opt={"needs": needs},
                name=f"GET {path}",
                include_in_schema=False,
            )
            def look_at(request: Asked) -> Answer:
                visit = self._visit(request, b"")
                if again and not is_stepped_up(visit.signed.session, visit.now):
                    return self.screens.redirect(f"{CONFIRM}?next={quote(_here(request), safe='/')}")
                return self._handled(handler, visit)

            self.routes.append(look_at)
            return handler

        return register

    def act(
        self, path: str, needs: Role, *, again: bool = False, bare: bool = False, largest: int = LARGEST_FORM
    ) -> Callable[[Handler], Handler]:
        """POST, with the anti-forgery token in its form (``_token``) or a header (``X-Token``)."""
        enter = self._entrance(needs, bare)

        def register(handler: Handler) -> Handler:
            @post(
                path,
                sync_to_thread=True,
                before_request=enter,
                status_code=200,
                opt={"needs": needs},
                name=f"POST {path}",
                request_max_body_size=largest,
                include_in_schema=False,
            )
            def act_on(request: Asked, body: RawBody) -> Answer:
                visit = self._visit(request, body)
                if not self._is_theirs(visit):
                    return self.screens.refusal(visit, 403, OUT_OF_DATE)
                return (again and self._asked_again(visit)) or self._handled(handler, visit)

            self.routes.append(act_on)
            return handler

        return register

    def take(self, path: str, needs: Role) -> Callable[[Receiver], Receiver]:
        """POST of a form with one file in it (``file``), however large: it goes to disk as it comes, not to memory."""
        enter = self._entrance(needs, False)

        def register(handler: Receiver) -> Receiver:
            @post(
                path,
                before_request=enter,
                status_code=200,
                opt={"needs": needs},
                name=f"POST {path}",
                request_max_body_size=LARGEST_UPLOAD,
                include_in_schema=False,
            )
            async def take_in(request: Asked) -> Answer:
                form = await request.form()
                try:
                    return await run_sync(self._taken, request, form, handler)
                finally:
                    await form.close()

            self.routes.append(take_in)
            return handler

        return register

    def _taken(self, request: Asked, form: FormMultiDict, handler: Receiver) -> Answer:
        pairs = tuple((name, value) for name, value in form.multi_items() if isinstance(value, str))
        signed: SignedIn = request.state.signed
        visit = Visit(request, self.house, signed, Form(pairs), b"", self.clock(), client_network(request))
        if not self._is_theirs(visit):
            return self.screens.refusal(visit, 403, OUT_OF_DATE)
        file = form.get("file")
        if not isinstance(file, UploadFile):
            return self.screens.refusal(visit, 422, "Choose a file.")
        return self._handled(lambda one: handler(one, file.filename, file.file), visit)

    def signed_in(self, request: Asked) -> SignedIn | None:
        secret = self.cookies.secret(request)
        return accounts.signed_in(self.house, secret, self.clock()) if secret else None

    def _entrance(self, needs: Role, bare: bool) -> Callable[[Asked], Answer | None]:
        """Who gets in; asked before a byte of the body is read."""

        def enter(request: Asked) -> Answer | None:
            if refused := self.admit(request):
                return refused
            signed = self.signed_in(request)
            if signed is None:
                return self.screens.redirect(f"{SIGN_IN}?next={quote(_here(request), safe='/')}")
            request.state.signed = signed
            if not bare and accounts.lacks_second_factor(self.house, signed.member):
                return self.screens.redirect(f"{ACCOUNT}?said=factor")
            if not signed.member.role.may(needs):
                return self.screens.refusal(self._visit(request, b""), 403, "Your role does not allow this.")
            return None

        return enter

    def _visit(self, request: Asked, body: bytes) -> Visit:
        signed: SignedIn = request.state.signed
        form = form_of(request, body)
        return Visit(request, self.house, signed, form, body, self.clock(), client_network(request))

    def _handled(self, handler: Handler, visit: Visit) -> Answer:
        try:
            return handler(visit)
        except NotFound:
            return self.screens.refusal(visit, 404, "Page not found")
        except (SyndicateError, UnsafeValue) as error:
            return self.screens.refusal(visit, 409, str(error))

    def _is_theirs(self, visit: Visit) -> bool:
        """Whether the request was made by one of our own pages, in this session."""
        wanted = anti_forgery(self.house.key, visit.signed.session.id)
        given = visit.form.get("_token") or visit.request.headers.get("x-token", "")
        return is_same_origin(visit.request) and compare_digest(given.encode(), wanted.encode())

    def _asked_again(self, visit: Visit) -> Answer | None:
        """The password, where it was not given for a while; what was filled in goes on with it."""
        if is_stepped_up(visit.signed.session, visit.now):
            return None
        if not visit.form.pairs:
            return self.screens.redirect(f"{CONFIRM}?next={quote(_before(visit.request), safe='/')}")
        if GIVEN_AGAIN not in visit.form:
            return self.confirmation(visit, str(visit.request.scope["path"]))
        try:
            accounts.step_up(self.house, visit.signed, visit.form.get(GIVEN_AGAIN), visit.network, visit.now)
        except SignInRefused as refused:
            return self.confirmation(visit, str(visit.request.scope["path"]), str(refused), 401)
        return None

    def confirmation(self, visit: Visit, action: str, wrong: str = "", status: int = 200) -> Answer:
        """The page that asks for the password, and sends the form on to ``action``."""
        kept = [pair for pair in visit.form.pairs if pair[0] not in ("_token", GIVEN_AGAIN)]
        told = catalogue(visit.language).gettext(wrong) if wrong else ""
        return self.screens.show(visit, "confirm", status, action=action, kept=kept, wrong=told)


def is_same_origin(request: Asked) -> bool:
    """What the browser itself says of who sends a form; a program that says nothing carries the token only."""
    origin = request.headers.get("origin")
    if origin and origin != "null":
        return urlsplit(origin).netloc == request.headers.get("host", "")
    return origin is None and request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def next_page(wanted: str) -> str:
    """Where to go on: a page of the console, never elsewhere."""
    path = wanted.partition("?")[0]
    is_odd = any(one in path for one in ("\\", "//", ".."))
    is_ours = path.startswith("/staff/") and not is_odd and wanted.isascii() and wanted.isprintable()
    return wanted if is_ours else "/staff/"


def _here(request: Asked) -> str:
    """Where to go on once they are let in: the page they asked for, or the one that their form stood on."""
    if request.method == "POST":
        return _before(request)
    query = request.scope["query_string"].decode("latin-1")
    # As it was asked for: Litestar takes the slash off the end of "path".
    path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    return next_page(path + (f"?{query}" if query else ""))


def _before(request: Asked) -> str:
    """The page that a form stood on, as the browser says; our own only."""
    try:
        page = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return next_page("")
    return next_page(page.path if page.netloc == request.headers.get("host", "") else "")
