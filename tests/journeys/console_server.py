"""The console behind the real server: a newsroom with stories, readers, an issue that waits, and members of every role.

``with console(tmp_path) as desk:`` and then ``desk.client(Role.EDITOR).get("/staff/")``,
``desk.client(Role.SENDER).post("/staff/issues/1/approve", note="…")``, or
``desk.page(browser, Role.ADMIN, width=360, dark=True).goto(desk.url + "/staff/")``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pyotp
from tests.journeys.web_server import CONFIG, NOW, Reply, Served, serving

from syndicate.app import open_house
from syndicate.flows import accounts, lists
from syndicate.flows.house import House
from syndicate.flows.lists import Wanted
from syndicate.flows.run import run
from syndicate.model import COMMAND_LINE, Role, Session
from syndicate.staff import anti_forgery, hashed, new_secret, stored
from syndicate.store import staff as store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PASSWORD = "seven herons over the harbour"
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""The second factor of senders and admins."""

APPROVED = """
[newsletters.review]
title = { en = "The Review", tr = "Değerlendirme", ar = "المراجعة" }
cadence = "weekly"
weekday = "monday"
at = "09:00"
fallback = ["en"]
approval = true
"""
"""A newsletter whose issue waits for a sender."""

STORIES = {
    "harbour": ("The harbour at night", "Geceleyin liman", "الميناء ليلا"),
    "bridge": ("A bridge is mended", "Köprü onarılıyor", "إصلاح الجسر"),
    "market": ("What the market sells", "Pazarda ne var", "ماذا يبيع السوق"),
    "school": ("A school by the river", "Nehir kıyısında bir okul", ""),
    "rain": ("After the rain", "", ""),
}
"""Titles in English, Turkish, Arabic; where there is none, that language version is missing."""

LANGUAGES = ("en", "tr", "ar")
READERS = 300


@dataclass
class Hands:
    """The clock of the server: it shows what it is set to."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def on(self, **amount: float) -> datetime:
        self.now += timedelta(**amount)
        return self.now


@dataclass(frozen=True)
class Client:
    """Somebody signed in: ``secret`` is in their cookie. Nothing is followed."""

    served: Served
    secret: str

    @property
    def token(self) -> str:
        """What each form carries."""
        return anti_forgery(self.served.house.key, stored(self.secret))

    @property
    def cookie(self) -> str:
        return f"staff={self.secret}"

    def get(self, path: str, **headers: str) -> Reply:
        return self.served.get(path, **{"cookie": self.cookie, **headers})

    def post(self, path: str, /, fields: dict[str, str] | None = None, **more: str) -> Reply:
        """A form with its token; a field named like no Python name goes into ``fields``."""
        body = urlencode({"_token": self.token, **(fields or {}), **more}).encode()
        kind = "application/x-www-form-urlencoded"
        return self.served.ask("POST", path, body, cookie=self.cookie, content_type=kind)


@dataclass
class Desk:
    """``members`` are their numbers; addresses are ``{role}@gazette.example.org``."""

    served: Served
    clock: Hands
    members: dict[Role, int]
    _sessions: dict[Role, str] = field(default_factory=dict)

    @property
    def house(self) -> House:
        return self.served.house

    @property
    def url(self) -> str:
        return self.served.url

    def client(self, role: Role, *, fresh: bool = False) -> Client:
        """Signed in, with the password just given; the same session each time unless ``fresh``."""
        if fresh or role not in self._sessions:
            secret = self.session(self.members[role])
            if fresh:
                return Client(self.served, secret)
            self._sessions[role] = secret
        return Client(self.served, self._sessions[role])

    def session(self, member: int) -> str:
        """A session of a member's, without the half second that signing in takes; its secret."""
        secret, now = new_secret(), self.clock.now
        with self.house.database.begin() as connection:
            kept = Session(stored(secret), member, now, now, now, "127.0.0.0/24", "a browser of the tests")
            store.begin_session(connection, kept)
        return secret

    def page(
        self, browser: "Browser", role: Role, language: str = "en", width: int = 1280, *, dark: bool = False
    ) -> "Page":
        """A page of a browser in which the member is signed in, the console in ``language``."""
        with self.house.database.begin() as connection:
            store.change(connection, self.members[role], language=language)
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(10_000)
        secret = self.client(role).secret
        context.add_cookies([{"name": "staff", "value": secret, "url": self.url, "httpOnly": True}])
        return context.new_page()

    def code(self) -> str:
        """What a sender's or admin's authenticator shows now. Each code works once: move the clock on."""
        return pyotp.TOTP(TOTP).at(self.clock.now)


@contextmanager
def console(
    root: Path, more: str = "", furnish: Callable[[House], House] = lambda house: house
) -> Iterator[Desk]:
    """A newsroom in ``root``: weekly was sent, review waits for approval. ``more`` is further config.toml.

    ``furnish`` puts something of the test's own into the house.
    """
    house, hands = furnish(open_desk(root, more)), Hands()
    with serving(house, hands) as there:
        yield Desk(there, hands, {role: _member(house, role) for role in Role})


def open_desk(root: Path, more: str = "") -> House:
    """Stories in three languages, hundreds of readers, everything that is due at ``NOW`` done."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "config.toml").write_text(CONFIG + APPROVED + more, encoding="utf-8")
    for day, (story, titles) in enumerate(STORIES.items(), 28):
        _write(root / "articles" / story, titles, f"2026-04-{day}" if day <= 30 else f"2026-05-0{day - 30}")
    house = open_house(root / "config.toml")
    _readers(house, root / "subscribers")
    run(house, lambda: NOW)
    return house


def _write(folder: Path, titles: tuple[str, ...], date: str) -> None:
    folder.mkdir(parents=True)
    for language, title in zip(LANGUAGES, titles, strict=True):
        if title:
            text = f"---\ntitle: {title}\ndate: {date}\ntags: [city]\n---\n{title}, told at length in {language}.\n"
            (folder / f"index.{language}.md").write_text(text, encoding="utf-8")


def _readers(house: House, folder: Path) -> None:
    """A third each reads English, Turkish and Arabic (and English, if need be); half get weekly, half review."""
    folder.mkdir(exist_ok=True)
    reads = ("en", "tr en", "ar en")
    takes = ("weekly water", "review")
    lines = [f"reader{n}@example.org,Reader {n},{reads[n % 3]},{takes[n % 2]}" for n in range(READERS)]
    file = folder / "readers.csv"
    file.write_text("\n".join(("email,name,languages,newsletters", *lines)) + "\n", encoding="utf-8")
    lists.sync(house.database, [file], Wanted(list(house.newsletters), house.key, NOW, house.reports))


def _member(house: House, role: Role) -> int:
    """With the password, and the second factor where the role needs one."""
    email = f"{role}@gazette.example.org"
    accounts.add(house, email, f"{role.capitalize()} One", role, "en", COMMAND_LINE, NOW)
    number = accounts.find(house, email).id
    with house.database.begin() as connection:
        store.set_password(connection, number, _kept())
        if role.may(Role.SENDER):
            store.set_totp(connection, number, TOTP, 0, ())
    return number


@cache
def _kept() -> str:
    return hashed(PASSWORD)
