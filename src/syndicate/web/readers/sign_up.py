"""``/{lang}/subscribe`` and ``/c/{token}``: ask for newsletters, and confirm by the link that came by mail.

The answer to who asks is the same bytes whatever is known of the address.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from litestar import Response

from syndicate.flows import sign_up, subscribe
from syndicate.flows.sign_up import Asking, Pending, Taken
from syndicate.languages import Catalogue, catalogue, choose
from syndicate.languages.fallback import match
from syndicate.model import Newsletter, UnsafeValue, Wish
from syndicate.subscribers.addresses import mailbox
from syndicate.subscribers.signups import wish
from syndicate.web.answers import SCRIPTED, page
from syndicate.web.conditions import preferred_languages
from syndicate.web.pages import Tongue
from syndicate.web.readers import choices
from syndicate.web.readers.forms import Form
from syndicate.web.readers.proof import Readers

AGAIN_AFTER = {Taken.NETWORK_LIMIT: (429, timedelta(hours=1)), Taken.BUSY: (503, timedelta(minutes=15))}
"""Status, and when to try again."""

_FIELDS = {
    "Choose at least one newsletter.": "newsletter",
    "Choose at least one language.": "language",
    "Choose how often from the list.": "cadence",
    "This time zone is not known.": "timezone",
}


@dataclass(frozen=True, slots=True)
class Given:
    """What stands in the form."""

    email: str = ""
    name: str = ""
    languages: tuple[str, ...] = ()
    newsletters: tuple[str, ...] = ()
    cadence: str = ""
    timezone: str = ""

    @property
    def wish(self) -> Wish:
        return Wish(self.languages, self.newsletters, self.name, self.cadence, self.timezone)


class SignUp(Readers):
    """Each method returns an answer."""

    def first_guess(self, accept_language: str, newsletter: str) -> str:
        """The path of the form in a browser's language; ``newsletter`` is kept where there is one."""
        keep = f"?newsletter={newsletter}" if newsletter in self.house.newsletters else ""
        return f"/{self.pages.language(preferred_languages(accept_language))}/subscribe{keep}"

    def form(self, language: str, newsletter: str) -> Response[bytes]:
        """The empty form, with ``newsletter`` (a key, or anything) chosen, or the only one there is."""
        offered = [one.key for one in self._open()]
        chosen = tuple(key for key in offered if key == newsletter or len(offered) == 1)
        site = self.house.site
        first = choose((language,), site.languages) or site.languages[0]
        given = Given(languages=(first,), newsletters=chosen, timezone=site.timezone)
        keep = f"?newsletter={newsletter}" if newsletter in offered else ""
        return self._form(language, given, keep=keep)

    def ask(self, language: str, body: bytes, client: str) -> Response[bytes]:
        """``client``: the address of who sends the form. 200, 422 with the form, 429 or 503."""
        form = Form(body)
        given = self._given(form)
        if errors := self._errors(given, catalogue(language)):
            return self._form(language, given, errors)
        asking = Asking(
            email=given.email,
            name=given.name,
            languages=given.languages,
            newsletters=given.newsletters,
            cadence=given.cadence,
            timezone=given.timezone,
            language=language,
            words=self._consent(language),
            page=f"/{language}/subscribe",
            address=client,
            trap=form.text("website"),
        )
        taken = sign_up.ask(self.house, asking, self.clock())
        return self.asked(language) if taken is Taken.TAKEN else self._refused(language, taken)

    def asked(self, language: str) -> Response[bytes]:
        """What everybody is told who asked."""
        days = max(1, round(self.house.signup.expires / timedelta(days=1)))
        tongue = Tongue(language, elsewhere="/{language}/subscribe/sent")
        return page(self.pages.render("asked", tongue, days=days))

    def look(self, token: str, chosen: str) -> Response[bytes]:
        """Changes nothing. Raises UnsafeValue for a link that is not ours."""
        return self._pending(sign_up.pending(self.house, token, self.clock()), token, chosen)

    def confirm(self, token: str, client: str, chosen: str) -> Response[bytes]:
        """Raises UnsafeValue for a link that is not ours; again is the same."""
        return self._pending(sign_up.confirm(self.house, token, client, self.clock()), token, chosen)

    def _open(self) -> list[Newsletter]:
        return [one for one in self.house.newsletters.values() if one.is_open]

    def _given(self, form: Form) -> Given:
        chosen = tuple(form.texts("newsletter"))
        offered = {
            one for key in chosen if (found := self.house.newsletters.get(key)) for one in found.cadences
        }
        cadence = form.text("cadence")
        is_idle = cadence in self._cadences() and cadence not in offered
        return Given(
            email=form.text("email"),
            name=form.text("name", 200),
            languages=tuple(form.texts("language")),
            newsletters=chosen,
            # A choice that none of the newsletters leaves says nothing.
            cadence="" if is_idle else cadence,
            timezone=form.text("timezone") or self.house.site.timezone,
        )

    def _errors(self, given: Given, words: Catalogue) -> Mapping[str, str]:
        """What is wrong, by field, in words."""
        return {field: words.gettext(message) for field, message in self._mistakes(given)} or dict(
            self._unread(given, words)
        )

    def _mistakes(self, given: Given) -> Iterator[tuple[str, str]]:
        try:
            mailbox(given.email)
        except UnsafeValue as error:
            yield "email", str(error)
        try:
            wish(given.wish, self.house.site.languages, self.house.newsletters)
        except UnsafeValue as error:
            yield _FIELDS.get(str(error), "newsletter"), str(error)

    def _unread(self, given: Given, words: Catalogue) -> Iterator[tuple[str, str]]:
        """Nobody waits for a newsletter that never comes in a language of theirs."""
        for key in given.newsletters:
            newsletter = self.house.newsletters[key]
            if not any(match(tag, newsletter.languages) for tag in given.languages):
                name = self.title(newsletter, words.language)
                yield (
                    "newsletter",
                    words.gettext("{newsletter} does not come in a language you chose.", newsletter=name),
                )

    def _consent(self, language: str) -> str:
        """The words above the button, as they are kept with the consent."""
        site = self.house.site.text(self.house.site.name, language)
        return catalogue(language).gettext(
            "By subscribing you agree that {site} mails you the newsletters you chose. "
            "You can leave at any time with a link in every mail.",
            site=site,
        )

    def _form(
        self, language: str, given: Given, errors: Mapping[str, str] | None = None, keep: str = ""
    ) -> Response[bytes]:
        site, chosen = self.house.site, dict.fromkeys(given.newsletters, "")
        options = choices.languages(site)
        body = self.pages.render(
            "subscribe",
            Tongue(language, elsewhere=f"/{{language}}/subscribe{keep}"),
            action=f"/{language}/subscribe",
            given=given,
            errors=errors or {},
            offers=[choices.offer(one, site, language, chosen) for one in self._open()],
            cadences=choices.cadences(self._cadences(), language),
            options=options,
            places=choices.places(options, given.languages),
            zones=choices.time_zones(language, given.timezone),
            consent=self._consent(language),
            is_fresh=errors is None,
        )
        if errors is None:
            return page(body, headers={"cache-control": "no-cache"}, policy=SCRIPTED, is_public=True)
        return page(body, 422, policy=SCRIPTED)

    def _cadences(self) -> list[str]:
        return [*dict.fromkeys(cadence for one in self._open() for cadence in one.cadences)]

    def _refused(self, language: str, taken: Taken) -> Response[bytes]:
        status, after = AGAIN_AFTER[taken]
        what = "network_limit" if taken is Taken.NETWORK_LIMIT else "busy"
        tongue = Tongue(language, elsewhere="/{language}/subscribe")
        body = self.pages.render("message", tongue, what=what)
        return page(body, status, {"retry-after": str(int(after.total_seconds()))})

    def _pending(self, found: Pending, token: str, chosen: str) -> Response[bytes]:
        tongue = self.pages.tongue(chosen, (found.language, *found.languages))
        keys = [key for key in found.newsletters if key in self.house.newsletters]
        standing = subscribe.standing(self.house.database, found.subscriber) if found.subscriber else None
        if found.state == "confirmed":  # and may have left since
            keys = [key for key in keys if standing and standing.gets(key)]
        body = self.pages.render(
            "confirm",
            tongue,
            token=token,
            state=found.state,
            newsletters=[self.title(self.house.newsletters[key], tongue.language) for key in keys],
            preferences=self._preferences(found),
            sign_up=self.sign_up_path(tongue.language),
        )
        return page(body, 410 if found.state == "expired" else 200)

    def _preferences(self, found: Pending) -> str:
        """Empty until it is confirmed."""
        newsletter = next(iter(self.house.newsletters), "")
        if not found.subscriber or not newsletter:
            return ""
        return f"/p/{self.house.tokens.make('preferences', found.subscriber, newsletter)}"
