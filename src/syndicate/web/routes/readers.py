"""What readers touch: where they sign up, and the pages that links in a mail lead to."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeAlias

from litestar import Router, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter, RawBody

from syndicate.flows.house import House
from syndicate.languages import SHIPPED
from syndicate.web.answers import answer, moved, page
from syndicate.web.pages import SCRIPT, STYLE, Pages
from syndicate.web.readers.held import Held
from syndicate.web.readers.leaving import Leaving
from syndicate.web.readers.preferences import PreferencesPage
from syndicate.web.readers.sign_up import SignUp
from syndicate.web.routes import LOOK, Answer, Asked

In: TypeAlias = Annotated[
    str, QueryParameter(name="in", description="The language of the page, one that is shipped.")
]
Key: TypeAlias = Annotated[
    str, QueryParameter(name="newsletter", description="The newsletter that is chosen beforehand.")
]
_PRIVATE = {"cache-control": "no-store", "x-robots-tag": "noindex"}


def reader_routes(
    house: House,
    pages: Pages,
    clock: Callable[[], datetime],
    admit: Callable[[Asked], Answer | None],
) -> Router:
    """``admit`` is asked before each of them, and answers who must not be let in."""
    sign_up, preferences = SignUp(house, pages, clock), PreferencesPage(house, pages, clock)
    handlers = [
        *_assets(pages),
        *_subscribe(sign_up),
        *_confirm(sign_up),
        *_unsubscribe(Leaving(house, pages, clock)),
        *_preferences(preferences),
        *_held(Held(house, pages, clock)),
    ]
    return Router("/", route_handlers=handlers, before_request=admit)


def _assets(pages: Pages) -> list[HTTPRouteHandler]:
    age = {"cache-control": "public, max-age=600"}

    @route(f"/{STYLE}", http_method=LOOK, sync_to_thread=True)
    def style() -> Answer:
        """The style sheet of the readers' pages."""
        return answer(pages.asset(STYLE), "text/css; charset=utf-8", headers=age)

    @route(f"/{SCRIPT}", http_method=LOOK, sync_to_thread=True)
    def script() -> Answer:
        """Guesses the reader's time zone on the sign-up page."""
        return answer(pages.asset(SCRIPT), "text/javascript; charset=utf-8", headers=age)

    return [style, script]


def _subscribe(sign_up: SignUp) -> list[HTTPRouteHandler]:
    @route("/subscribe", http_method=LOOK, sync_to_thread=True, status_code=302)
    def guess(request: Asked, newsletter: Key = "") -> Answer:
        """The sign-up page in the browser's language."""
        location = sign_up.first_guess(request.headers.get("accept-language", ""), newsletter)
        return moved(302, location, {"vary": "Accept-Language", "cache-control": "no-cache"})

    return [guess, *(handler for language in SHIPPED for handler in _subscribe_in(sign_up, language))]


def _subscribe_in(sign_up: SignUp, language: str) -> list[HTTPRouteHandler]:
    """Of one language each: with a parameter for it, the pages would stand before the folders of the public tree."""

    @route(f"/{language}/subscribe", http_method=LOOK, sync_to_thread=True)
    def form(newsletter: Key = "") -> Answer:
        """The sign-up page."""
        return sign_up.form(language, newsletter)

    @post(f"/{language}/subscribe", sync_to_thread=True, status_code=200)
    def ask(request: Asked, body: RawBody) -> Answer:
        """Ask for newsletters: a mail follows, with a link to confirm. 422 for what is wrong in the form."""
        return sign_up.ask(language, body, _client(request))

    @route(f"/{language}/subscribe/sent", http_method=LOOK, sync_to_thread=True)
    def sent() -> Answer:
        """What everybody is told who asked."""
        return sign_up.asked(language)

    return [form, ask, sent]


def _client(request: Asked) -> str:
    return request.client.host if request.client else ""


def _confirm(sign_up: SignUp) -> list[HTTPRouteHandler]:
    @route("/c/{token:str}", http_method=LOOK, sync_to_thread=True)
    def look(token: FromPath[str], chosen: In = "") -> Answer:
        """What there is to confirm; changes nothing. 410 once the link has expired."""
        return sign_up.look(token, chosen)

    @post("/c/{token:str}", sync_to_thread=True, status_code=200)
    def confirm(token: FromPath[str], request: Asked, chosen: In = "") -> Answer:
        """Confirm. 410 once the link has expired."""
        return sign_up.confirm(token, _client(request), chosen)

    return [look, confirm]


def _unsubscribe(leaving: Leaving) -> list[HTTPRouteHandler]:
    @route("/u/{token:str}", http_method=LOOK, sync_to_thread=True)
    def ask(token: FromPath[str], chosen: In = "") -> Answer:
        """Ask whether to leave a newsletter; changes nothing."""
        return page(leaving.ask(token, chosen))

    @post("/u/{token:str}", sync_to_thread=True, status_code=200)
    def leave(token: FromPath[str], body: RawBody, chosen: In = "") -> Answer:
        """Leave with one click (RFC 8058)."""
        return page(leaving.leave(token, body, chosen))

    @post("/u/{token:str}/undo", sync_to_thread=True, status_code=200)
    def undo(token: FromPath[str], body: RawBody, chosen: In = "") -> Answer:
        """Take leaving back."""
        return page(leaving.undo(token, body, chosen))

    @post("/u/{token:str}/reason", sync_to_thread=True, status_code=200)
    def reason(token: FromPath[str], body: RawBody, chosen: In = "") -> Answer:
        """Say why."""
        return page(leaving.reason(token, body, chosen))

    # Where a reader lands who enters the address of what a button led to.
    @route("/u/{token:str}/undo", http_method=LOOK, sync_to_thread=True)
    def after_undo(token: FromPath[str], chosen: In = "") -> Answer:
        """As /u/{token}; changes nothing."""
        return page(leaving.ask(token, chosen))

    @route("/u/{token:str}/reason", http_method=LOOK, sync_to_thread=True)
    def after_reason(token: FromPath[str], chosen: In = "") -> Answer:
        """As /u/{token}; changes nothing."""
        return page(leaving.ask(token, chosen))

    return [ask, leave, undo, reason, after_undo, after_reason]


def _preferences(preferences: PreferencesPage) -> list[HTTPRouteHandler]:
    @route("/p/{token:str}", http_method=LOOK, sync_to_thread=True)
    def look(token: FromPath[str], chosen: In = "") -> Answer:
        """What somebody gets, in which languages and how often; changes nothing."""
        return page(preferences.look(token, chosen))

    @post("/p/{token:str}", sync_to_thread=True, status_code=200)
    def change(token: FromPath[str], body: RawBody, chosen: In = "") -> Answer:
        """Change it."""
        return page(preferences.change(token, body, chosen))

    return [look, change]


def _held(held: Held) -> list[HTTPRouteHandler]:
    @route("/p/{token:str}/data", http_method=LOOK, sync_to_thread=True)
    def data(token: FromPath[str], chosen: In = "") -> Answer:
        """What is held about somebody, to read."""
        return page(held.page(token, chosen))

    @route("/p/{token:str}/data.json", http_method=LOOK, sync_to_thread=True)
    def as_json(token: FromPath[str]) -> Answer:
        """The same as one JSON object."""
        return answer(held.as_json(token), "application/json", headers={**_PRIVATE, **_file("json")})

    @route("/p/{token:str}/data.csv", http_method=LOOK, sync_to_thread=True)
    def as_csv(token: FromPath[str]) -> Answer:
        """The same as a table."""
        return answer(held.as_csv(token), "text/csv; charset=utf-8", headers={**_PRIVATE, **_file("csv")})

    @route("/p/{token:str}/erase", http_method=LOOK, sync_to_thread=True)
    def ask_erase(token: FromPath[str], chosen: In = "") -> Answer:
        """What erasing means; changes nothing."""
        return page(held.ask_erase(token, chosen))

    @post("/p/{token:str}/erase", sync_to_thread=True, status_code=200)
    def erase(token: FromPath[str], body: RawBody, chosen: In = "") -> Answer:
        """Erase everything about somebody."""
        return page(held.erase(token, body, chosen))

    return [data, as_json, as_csv, ask_erase, erase]


def _file(ending: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="data.{ending}"'}
