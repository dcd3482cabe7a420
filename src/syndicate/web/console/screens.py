"""The console's pages as they look: templates of ``templates/staff``, in the words of the member's language."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from litestar import Response

from syndicate.digests.templates import mistakes_placed
from syndicate.languages import catalogue, direction, endonym, format_number
from syndicate.model import NotFound, Role, Site
from syndicate.staff import anti_forgery
from syndicate.web.answers import answer
from syndicate.web.console.browsers import browser
from syndicate.web.console.times import ago, dated, local_time
from syndicate.web.pages import apart

if TYPE_CHECKING:
    from syndicate.web.console.visit import Visit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ASSETS = {"console.css": "text/css", "console.js": "text/javascript"}
PLACES = (
    ("today", "/staff/", Role.VIEWER),
    ("stories", "/staff/stories/", Role.VIEWER),
    ("issues", "/staff/issues/", Role.VIEWER),
    ("subscribers", "/staff/subscribers/", Role.EDITOR),
    ("staff", "/staff/members/", Role.ADMIN),
    ("audit", "/staff/audit/", Role.ADMIN),
)
"""Of the navigation: key, address, the role that sees it."""


def role_names(pgettext: Callable[[str, str], str]) -> dict[str, str]:
    return {
        Role.VIEWER: pgettext("role", "Viewer"),
        Role.EDITOR: pgettext("role", "Editor"),
        Role.SENDER: pgettext("role", "Sender"),
        Role.ADMIN: pgettext("role", "Admin"),
    }


def role_words(_: Callable[[str], str]) -> dict[str, str]:
    return {
        Role.VIEWER: _("looks at everything but people"),
        Role.EDITOR: _("prepares issues, looks people up"),
        Role.SENDER: _("approves, sends, stops, settles"),
        Role.ADMIN: _("staff, exports, erasure"),
    }


class Screens:
    """``folders`` hold ``staff/``: the newsroom's own first, then the shipped one. ``key`` makes form tokens."""

    def __init__(self, site: Site, folders: Sequence[Path], key: bytes) -> None:
        self.site, self.folders, self.key = site, tuple(folders), key
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self.folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "apart": apart,
            "endonym": endonym,
            "direction": direction,
            "browser": browser,
        }

    def show(self, visit: "Visit", name: str, status: int = 200, **values: Any) -> Response[bytes]:
        """``staff/{name}.html.j2`` for somebody signed in; what every template gets is in ``base.html.j2``."""
        member = visit.signed.member
        known = {
            "me": member,
            "token": anti_forgery(self.key, visit.signed.session.id),
            "places": [(key, path) for key, path, needs in PLACES if member.role.may(needs)],
            # Litestar takes the slash off the end.
            "here": str(visit.request.scope["path"]).rstrip("/") + "/",
            "may": lambda role: member.role.may(Role(role)),
            "said": visit.query("said"),
            "now": visit.now,
        }
        return self.page(name, member.language, status, **{**known, **values})

    def fragment(self, visit: "Visit", name: str, **values: Any) -> str:
        """A part of a page, for a script that puts it in the old one's place."""
        given = {**self._words(visit.language), "now": visit.now, **values}
        with mistakes_placed(self._environment):
            return self._environment.get_template(f"staff/{name}.html.j2").render(given)

    def page(self, name: str, language: str, status: int = 200, **values: Any) -> Response[bytes]:
        """A page for anybody; never stored."""
        given = {**self._words(language), **values}
        with mistakes_placed(self._environment):
            body = self._environment.get_template(f"staff/{name}.html.j2").render(given).encode()
        return self.answer(body, "text/html; charset=utf-8", status)

    def _words(self, language: str) -> dict[str, Any]:
        """What every template gets: words, numbers and times in ``language``."""
        site = self.site
        return {
            **catalogue(language).callables(),
            "language": language,
            "direction": direction(language),
            "site_name": site.text(site.name, language),
            "role_names": role_names(catalogue(language).pgettext),
            "role_words": role_words(catalogue(language).gettext),
            "number": lambda n: format_number(n, language),
            "time": lambda moment, zone=site.timezone: local_time(moment, zone, language),
            "dated": dated,
            "ago": lambda moment, now: ago(moment, now, language),
        }

    def answer(
        self, body: bytes, media_type: str, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response[bytes]:
        # Not "no-referrer" as elsewhere: browsers then keep silent on where a form comes from (Origin: null).
        private = {"cache-control": "no-store", "x-robots-tag": "noindex", "referrer-policy": "same-origin"}
        return answer(body, media_type, status, {**private, **(headers or {})}, policy=POLICY)

    def refusal(self, visit: "Visit", status: int, reason: str) -> Response[bytes]:
        """Why something was not done, in a page; ``reason`` is translated when the catalogue has it."""
        return self.show(visit, "refusal", status, reason=catalogue(visit.language).gettext(reason))

    def redirect(self, location: str, headers: Mapping[str, str] | None = None) -> Response[bytes]:
        """303: the next page is looked at, whatever was done (RFC 9110, 15.4.4)."""
        return self.answer(b"", "text/plain; charset=utf-8", 303, {"location": location, **(headers or {})})

    def asset(self, name: str) -> Response[bytes]:
        """The style sheet or the script. Raises NotFound."""
        places = (folder / "staff" / name for folder in self.folders)
        place = next((place for place in places if place.is_file()), None)
        if name not in ASSETS or place is None:
            raise NotFound(f"staff/{name} is in none of: {', '.join(map(str, self.folders))}")
        headers = {"cache-control": "public, max-age=300"}
        return answer(place.read_bytes(), f"{ASSETS[name]}; charset=utf-8", 200, headers, policy=POLICY)
