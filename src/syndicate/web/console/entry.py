"""How staff get in: sign in, the one-time link, the password given again, sign out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from litestar import post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, RawBody

from syndicate.flows import accounts
from syndicate.flows.accounts import SignInRefused
from syndicate.languages import catalogue
from syndicate.model import Role, UnsafeValue
from syndicate.staff.sessions import LONGEST
from syndicate.web.conditions import preferred_languages
from syndicate.web.console.door import (
    CONFIRM,
    GIVEN_AGAIN,
    OUT_OF_DATE,
    SIGN_IN,
    Door,
    is_same_origin,
    next_page,
)
from syndicate.web.console.visit import Form, Visit, client_network, form_of
from syndicate.web.routes import LOOK, Answer, Asked

WELCOME = "/staff/welcome/{secret:str}"


def entry_routes(door: Door, guess: Callable[[Sequence[str]], str]) -> list[HTTPRouteHandler]:
    """``guess`` chooses a language for whom we do not know yet."""
    entry = _Entry(door, guess)
    door.look(CONFIRM, Role.VIEWER, bare=True)(entry.ask_again)
    door.act(CONFIRM, Role.VIEWER, bare=True)(entry.confirm)
    door.act("/staff/sign-out", Role.VIEWER, bare=True)(entry.sign_out)
    known: dict[str, Any] = {
        "sync_to_thread": True,
        "before_request": door.admit,
        "include_in_schema": False,
    }

    @route(SIGN_IN, http_method=LOOK, name="GET sign-in", **known)
    def ask(request: Asked) -> Answer:
        return entry.ask(request)

    @post(SIGN_IN, status_code=200, name="POST sign-in", **known)
    def sign_in(request: Asked, body: RawBody) -> Answer:
        return entry.sign_in(request, form_of(request, body))

    @route(WELCOME, http_method=LOOK, name="GET welcome", **known)
    def welcome(request: Asked, secret: FromPath[str]) -> Answer:
        return entry.welcome(request, secret)

    @post(WELCOME, status_code=200, name="POST welcome", **known)
    def set_password(request: Asked, secret: FromPath[str], body: RawBody) -> Answer:
        return entry.set_password(request, secret, form_of(request, body))

    return [ask, sign_in, welcome, set_password]


class _Entry:
    def __init__(self, door: Door, guess: Callable[[Sequence[str]], str]) -> None:
        self.door, self.house, self.screens, self.guess = door, door.house, door.screens, guess

    def ask(self, request: Asked) -> Answer:
        if self.door.signed_in(request):
            return self.screens.redirect(next_page(request.query_params.get("next", "")))
        return self._sign_in_page(request)

    def sign_in(self, request: Asked, form: Form) -> Answer:
        if not is_same_origin(request):
            return self._sign_in_page(request, form, OUT_OF_DATE, 403)
        agent, given = request.headers.get("user-agent", ""), (form.get("email"), form.get("password"))
        try:
            secret = accounts.sign_in(
                self.house, *given, form.get("code"), client_network(request), agent, self.door.clock()
            )
        except SignInRefused as refused:
            seconds = int(refused.pause.total_seconds())
            status, headers = (429, {"retry-after": str(seconds)}) if seconds else (401, {})
            answered = self._sign_in_page(request, form, str(refused), status)
            answered.headers.update(headers)
            return answered
        if before := self.door.signed_in(request):
            accounts.sign_out(self.house, before)
        here = self.door.cookies.set(request, secret, int(LONGEST.total_seconds()))
        return self.screens.redirect(next_page(form.get("next")), {"set-cookie": here})

    def welcome(self, request: Asked, secret: str) -> Answer:
        try:
            member = accounts.linked(self.house, secret, self.door.clock())
        except UnsafeValue:
            return self._gone(request)
        return self.screens.page("welcome", member.language, member=member, wrong="")

    def set_password(self, request: Asked, secret: str, form: Form) -> Answer:
        now, network = self.door.clock(), client_network(request)
        try:
            member = accounts.linked(self.house, secret, now)
        except UnsafeValue:
            return self._gone(request)
        try:
            if form.get("password") != form.get("again"):
                raise UnsafeValue("The two passwords differ.")
            accounts.set_password(self.house, secret, form.get("password"), network, now)
        except UnsafeValue as error:
            wrong = catalogue(member.language).gettext(str(error))
            return self.screens.page("welcome", member.language, 422, member=member, wrong=wrong)
        return self.screens.redirect(f"{SIGN_IN}?next=/staff/account")

    def ask_again(self, visit: Visit) -> Answer:
        return self.door.confirmation(replace(visit, form=_going_on(visit.query("next"))), CONFIRM)

    def confirm(self, visit: Visit) -> Answer:
        given, then = visit.form.get(GIVEN_AGAIN), _going_on(visit.form.get("next"))
        try:
            accounts.step_up(self.house, visit.signed, given, visit.network, visit.now)
        except SignInRefused as refused:
            return self.door.confirmation(replace(visit, form=then), CONFIRM, str(refused), 401)
        return self.screens.redirect(then.get("next"))

    def sign_out(self, visit: Visit) -> Answer:
        accounts.sign_out(self.house, visit.signed)
        gone = self.door.cookies.set(visit.request, "", 0)
        return self.screens.redirect(SIGN_IN, {"set-cookie": gone})

    def _gone(self, request: Asked) -> Answer:
        return self.screens.page("link_gone", self._language(request), 410)

    def _sign_in_page(
        self, request: Asked, form: Form | None = None, wrong: str = "", status: int = 200
    ) -> Answer:
        language = self._language(request)
        given = form or Form((("next", request.query_params.get("next", "")),))
        return self.screens.page(
            "sign_in",
            language,
            status,
            next=next_page(given.get("next")),
            email=given.get("email"),
            wrong=catalogue(language).gettext(wrong) if wrong else "",
        )

    def _language(self, request: Asked) -> str:
        return self.guess(preferred_languages(request.headers.get("accept-language", "")))


def _going_on(wanted: str) -> Form:
    return Form((("next", next_page(wanted)),))
