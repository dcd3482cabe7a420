"""Whose page a link in a mail opens. Only a POST changes anything (law 12).

RFC 8058: the mail program POSTs to the same address as the page, without cookies, and must be answered without a
redirect. So there is no session here and no anti-forgery token: the link itself is the proof.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from syndicate.flows import subscribe
from syndicate.flows.house import House
from syndicate.flows.subscribe import Standing
from syndicate.languages import choose
from syndicate.model import Newsletter, SubscriberStatus
from syndicate.subscribers.tokens import Token
from syndicate.web.pages import Pages, Tongue
from syndicate.web.readers.choices import title


@dataclass(frozen=True, slots=True)
class Reader:
    """Who came by ``token``. ``standing`` is None for somebody who was erased."""

    token: str
    whose: Token
    standing: Standing | None
    tongue: Tongue

    @property
    def is_active(self) -> bool:
        return self.standing is not None and self.standing.is_active

    @property
    def may_choose(self) -> bool:
        """Whether what they choose brings mail: not after a complaint, or once their address has failed."""
        status = self.standing.person.status if self.standing else SubscriberStatus.SUPPRESSED
        return status is not SubscriberStatus.SUPPRESSED

    def gets(self, newsletter: str) -> bool:
        return self.standing is not None and self.standing.gets(newsletter)

    def may_return(self, newsletter: str) -> bool:
        return self.standing is not None and self.standing.may_return(newsletter)


class Readers:
    """What the pages of readers share. ``clock`` gives the time (aware, UTC)."""

    def __init__(self, house: House, pages: Pages, clock: Callable[[], datetime]) -> None:
        self.house, self.pages, self.clock = house, pages, clock

    def reader(self, purpose: str, token: str, chosen: str) -> Reader:
        """Raises UnsafeValue for a token that is not ours. ``chosen``: the language of ``?in=``, may be anything."""
        whose = self.house.tokens.read(purpose, token, self.house.newsletters)
        standing = subscribe.standing(self.house.database, whose.subscriber)
        tongue = self.pages.tongue(chosen, standing.person.languages if standing else ())
        return Reader(token, whose, standing, tongue)

    def take_back(self, reader: Reader, newsletters: tuple[str, ...], source: str) -> None:
        """Undo leaving. Who complained, or was suppressed otherwise, does not come back by a link."""
        who, now = reader.whose.subscriber, self.clock()
        for newsletter in newsletters:
            if newsletter in self.house.newsletters and reader.may_return(newsletter):
                subscribe.resubscribe(self.house.database, who, newsletter, source, now)

    def preferences_path(self, reader: Reader) -> str:
        """The page of all their preferences. Every mail that has the one link has the other, too."""
        return f"/p/{self.house.tokens.make('preferences', reader.whose.subscriber, reader.whose.newsletter)}"

    def title(self, newsletter: Newsletter, language: str) -> str:
        return title(newsletter, self.house.site, language)

    def sign_up_path(self, language: str) -> str:
        """Empty where nothing is offered."""
        is_open = any(one.is_open for one in self.house.newsletters.values())
        return f"/{language}/subscribe" if is_open else ""

    def reads(self, reader: Reader) -> tuple[str, ...]:
        """In order of preference; the site's nearest to the page's language where nothing is known."""
        if reader.standing and reader.standing.person.languages:
            return reader.standing.person.languages
        site = self.house.site.languages
        return (choose((reader.tongue.language,), site) or site[0],)
