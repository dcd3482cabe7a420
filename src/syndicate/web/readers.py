"""What readers do by a link in a mail: leave, come back, see what they get. Only a POST changes anything (law 12).

RFC 8058: the mail program POSTs to the same address as the page, without cookies, and must be answered without a
redirect. So there is no session here and no anti-forgery token: the link itself is the proof.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

from syndicate.flows import subscribe
from syndicate.flows.house import House
from syndicate.flows.subscribe import Standing
from syndicate.languages import match
from syndicate.model import Newsletter
from syndicate.subscribers.tokens import Token
from syndicate.web.pages import Pages

ONE_CLICK = b"One-Click"


@dataclass(frozen=True, slots=True)
class Row:
    """One newsletter on the preferences page; ``languages`` are those in which this person gets it."""

    key: str
    title: str
    description: str
    languages: tuple[str, ...]


class Readers:
    """Each method takes a token and returns a page (HTML bytes). All raise UnsafeValue for a token that is not ours."""

    def __init__(self, house: House, pages: Pages, clock: Callable[[], datetime]) -> None:
        self.house, self.pages, self.clock = house, pages, clock

    def ask(self, token: str) -> bytes:
        """Changes nothing."""
        return self._unsubscribe_page(self._read("unsubscribe", token), token)

    def leave(self, token: str, body: bytes) -> bytes:
        """``body`` is kept only as where the wish came from: a mail program's button, or our page."""
        whose = self._read("unsubscribe", token)
        source = "one-click" if ONE_CLICK in body else "unsubscribe page"
        subscribe.unsubscribe(self.house.database, whose.subscriber, whose.newsletter, source, self.clock())
        return self._unsubscribe_page(whose, token)

    def undo(self, token: str) -> bytes:
        whose = self._read("unsubscribe", token)
        return self._unsubscribe_page(whose, token, is_back=self._take_back(whose, whose.newsletter))

    def preferences(self, token: str) -> bytes:
        """Changes nothing."""
        return self._preferences_page(self._read("preferences", token), token)

    def change(self, token: str, body: bytes) -> bytes:
        """``body`` is the form of our page: ``leave=KEY``, ``undo=KEY`` or ``everything=1``; else nothing changes."""
        whose = self._read("preferences", token)
        wish = _form(body)
        database, who, now = self.house.database, whose.subscriber, self.clock()
        if "everything" in wish:
            subscribe.unsubscribe_all(database, who, "preferences page", now)
        elif wish.get("leave") in self.house.newsletters:
            subscribe.unsubscribe(database, who, wish["leave"], "preferences page", now)
        is_back = "undo" in wish and self._take_back(whose, wish["undo"])
        return self._preferences_page(whose, token, is_back=is_back)

    def _read(self, purpose: str, token: str) -> Token:
        return self.house.tokens.read(purpose, token, self.house.newsletters)

    def _take_back(self, whose: Token, newsletter: str) -> bool:
        """True when they get it now. Who complained, or was suppressed otherwise, does not come back by a link."""
        before = self._standing(whose)
        if newsletter not in self.house.newsletters or before is None:
            return False
        if before.may_return(newsletter):
            subscribe.resubscribe(self.house.database, whose.subscriber, newsletter, "undo", self.clock())
        after = self._standing(whose)
        return after is not None and after.gets(newsletter)

    def _standing(self, whose: Token) -> Standing | None:
        return subscribe.standing(self.house.database, whose.subscriber)

    def _unsubscribe_page(self, whose: Token, token: str, *, is_back: bool = False) -> bytes:
        standing, newsletter = self._standing(whose), self.house.newsletters[whose.newsletter]
        language = self._language(standing)
        return self.pages.render(
            "unsubscribe",
            language,
            token=token,
            newsletter=self.house.site.text(newsletter.title, language) or newsletter.key,
            is_back=is_back,
            gets=standing is not None and standing.gets(newsletter.key),
            may_return=standing is not None and standing.may_return(newsletter.key),
        )

    def _preferences_page(self, whose: Token, token: str, *, is_back: bool = False) -> bytes:
        standing = self._standing(whose)
        language = self._language(standing)
        known = self.house.newsletters.values() if standing else ()
        rows = [(one.key, self._row(one, standing, language)) for one in known if standing]
        return self.pages.render(
            "preferences",
            language,
            token=token,
            is_back=is_back,
            got=[row for key, row in rows if standing and standing.gets(key)],
            left=[row for key, row in rows if standing and standing.may_return(key)],
        )

    def _row(self, newsletter: Newsletter, standing: Standing, language: str) -> Row:
        site = self.house.site
        found = (match(wanted, newsletter.languages) for wanted in standing.person.languages)
        return Row(
            key=newsletter.key,
            title=site.text(newsletter.title, language) or newsletter.key,
            description=site.text(newsletter.description, language),
            languages=tuple(dict.fromkeys(tag for tag in found if tag)),
        )

    def _language(self, standing: Standing | None) -> str:
        return self.pages.language(standing.person.languages if standing else ())


def _form(body: bytes) -> dict[str, str]:
    """Of a form sent as application/x-www-form-urlencoded; empty for anything else."""
    try:
        return {name: values[0] for name, values in parse_qs(body.decode(), max_num_fields=8).items()}
    except ValueError:
        return {}
