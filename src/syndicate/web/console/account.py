"""One's own account: language, password, second factor, sessions, API tokens."""

from datetime import timedelta

from syndicate.flows import accounts
from syndicate.flows.accounts import SignInRefused
from syndicate.languages import SHIPPED, catalogue
from syndicate.model import Role, UnsafeValue
from syndicate.staff import is_totp_secret, new_totp_secret, provisioning_uri, qr_svg
from syndicate.web.console.door import ACCOUNT, Door
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

MOST_DAYS = 3650
"""That a token is given for."""


def account_pages(door: Door) -> None:
    screens = door.screens

    def page(visit: Visit, status: int = 200, wrong: str = "", **values: object) -> Answer:
        told = catalogue(visit.language).gettext(wrong) if wrong else ""
        held = accounts.account(visit.house, visit.signed.member.id)
        known = {
            "held": held,
            "here_id": visit.signed.session.id,
            "languages": SHIPPED,
            "secret": "",
            "codes": (),
        }
        roles = [role for role in Role if visit.signed.member.role.may(role)]
        return screens.show(visit, "account", status, wrong=told, roles=roles, **{**known, **values})

    @door.look(ACCOUNT, Role.VIEWER, bare=True)
    def look(visit: Visit) -> Answer:
        return page(visit)

    @door.act(f"{ACCOUNT}/language", Role.VIEWER, bare=True)
    def language(visit: Visit) -> Answer:
        accounts.change_language(visit.house, visit.signed, visit.form.get("language"))
        return screens.redirect(ACCOUNT)

    @door.act(f"{ACCOUNT}/password", Role.VIEWER, bare=True)
    def password(visit: Visit) -> Answer:
        form = visit.form
        try:
            if form.get("new") != form.get("again"):
                raise UnsafeValue("The two passwords differ.")
            accounts.change_password(
                visit.house, visit.signed, form.get("old"), form.get("new"), visit.network, visit.now
            )
        except (UnsafeValue, SignInRefused) as error:
            return page(visit, 422, str(error))
        return screens.redirect(f"{ACCOUNT}?said=saved")

    @door.act(f"{ACCOUNT}/second-factor", Role.VIEWER, again=True, bare=True)
    def second_factor(visit: Visit) -> Answer:
        """Without a code: shows a new secret to scan. With one: confirms it, and shows recovery codes once."""
        given = visit.form.get("secret")
        secret = given if is_totp_secret(given) else new_totp_secret()
        issuer = visit.house.site.text(visit.house.site.name, visit.language)
        qr = qr_svg(provisioning_uri(secret, visit.signed.member.email, issuer))
        if "code" not in visit.form:
            return page(visit, secret=secret, qr=qr)
        try:
            codes = accounts.set_totp(
                visit.house, visit.signed, secret, visit.form.get("code"), visit.network, visit.now
            )
        except UnsafeValue as error:
            return page(visit, 422, str(error), secret=secret, qr=qr)
        return page(visit, codes=codes)

    @door.act(f"{ACCOUNT}/sessions", Role.VIEWER, bare=True)
    def sessions(visit: Visit) -> Answer:
        """End one session, or all but this one."""
        only = visit.form.get("only")
        but = "" if only else visit.signed.session.id
        accounts.end_sessions(visit.house, visit.signed.member.id, visit.actor, visit.now, only, but)
        return screens.redirect(f"{ACCOUNT}?said=saved")

    @door.act(f"{ACCOUNT}/tokens", Role.VIEWER, again=True)
    def token(visit: Visit) -> Answer:
        form, days = visit.form, min(visit.form.number("days"), MOST_DAYS)
        lasts = timedelta(days=days) if days else None
        secret = accounts.add_token(
            visit.house, visit.signed, form.get("name"), form.role(), lasts, visit.network, visit.now
        )
        return page(visit, made=secret)

    @door.act(f"{ACCOUNT}/tokens/revoke", Role.VIEWER)
    def revoke(visit: Visit) -> Answer:
        number = visit.form.number("token")
        accounts.revoke_token(visit.house, visit.signed, number, visit.network, visit.now)
        return screens.redirect(f"{ACCOUNT}?said=saved")
