"""The house: everything the flows need, put together once by ``app`` from config.toml."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from syndicate.deliveries import Limits
from syndicate.flows.bounces import Mailbox
from syndicate.flows.compose import Composer
from syndicate.flows.hear_back import Hook
from syndicate.flows.ingest import Source
from syndicate.flows.outside import Outside
from syndicate.flows.plan import Planner
from syndicate.flows.publish import FeedSettings
from syndicate.flows.send import Carrier, Mailroom
from syndicate.model import Event, Newsletter, NotFound, Site
from syndicate.store import Database, PublicTree
from syndicate.store.witness import Witness
from syndicate.subscribers import Tokens
from syndicate.subscribers.signups import SignupRules


@dataclass(frozen=True, slots=True)
class House:
    """``origins`` are the sources; ``carrier`` opens the configured one; ``lists`` holds CSV files to sync.

    ``secret`` is the file the key came from, None when it came from the environment. ``places`` are the folders
    and files that sources read, by name of the source. ``hooks`` read what providers send, by the carrier's name;
    ``mailbox`` is where reports of failed mail come back to; ``suppressions`` asks the carrier for its own list,
    since a time. ``ingest_every`` and ``listen_every`` are the clock's rhythm. ``post`` opens the carrier for
    single letters, as they are asked for on the web; ``asked`` is set when one is. ``second_factor`` tells who of
    the staff must have one; ``undo`` how long an approval can be taken back; to more people than ``confirm_above``,
    their number is typed. ``outside`` is whom preflight asks.
    """

    site: Site
    newsletters: Mapping[str, Newsletter]
    database: Database
    tree: PublicTree
    origins: tuple[Source, ...]
    similar: Path
    similar_count: int
    feeds: FeedSettings
    templates: tuple[Path, ...]
    key: bytes
    carrier: Callable[[], AbstractContextManager[Carrier]]
    post: Callable[[], AbstractContextManager[Carrier]]
    carrier_place: str
    lock: Path
    lists: Path
    from_address: str
    reply_to: str
    unsubscribe_address: str
    return_path: str = ""
    verp: bool = False
    attempts: int = 8
    on_unsure: str = "hold"
    limits: Limits = field(default_factory=Limits)
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    mailbox: Callable[[], AbstractContextManager[Mailbox]] | None = None
    suppressions: Callable[[datetime | None], Iterator[Event]] | None = None
    signup: SignupRules = field(default_factory=SignupRules)
    asked: threading.Event = field(default_factory=threading.Event)
    ingest_every: timedelta = timedelta(minutes=5)
    listen_every: timedelta = timedelta(minutes=10)
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    metrics_for: tuple[str, ...] = ()
    second_factor: str = "senders"
    undo: timedelta = timedelta(minutes=5)
    confirm_above: int = 1000
    log_format: str = "text"
    log_level: str = "info"
    secret: Path | None = None
    places: Mapping[str, Path] = field(default_factory=dict)
    outside: Outside = field(default_factory=Outside)

    @property
    def composer(self) -> Composer:
        return Composer(self.site, self.templates, self.similar, self.similar_count)

    @property
    def planner(self) -> Planner:
        return Planner(self.database, self.composer, self.key, self.from_address.rpartition("@")[2])

    @property
    def tokens(self) -> Tokens:
        return Tokens(self.key)

    def mailroom(self, carrier: Carrier) -> Mailroom:
        return Mailroom(
            database=self.database,
            carrier=carrier,
            site=self.site,
            tokens=self.tokens,
            from_address=self.from_address,
            lock=self.lock,
            key=self.key,
            reply_to=self.reply_to,
            unsubscribe_address=self.unsubscribe_address,
            return_path=self.return_path,
            verp=self.verp,
            attempts=self.attempts,
            on_unsure=self.on_unsure,
            limits=self.limits,
        )

    @property
    def reports(self) -> Path:
        """The folder for what became of the lines of lists."""
        return self.lock.with_name("reports")

    @property
    def witness(self) -> Witness:
        """What remembers outside the database how far sending was."""
        return Witness(self.lock.with_name("send-witness.json"))

    def newsletter(self, key: str) -> Newsletter:
        """Raises NotFound naming those there are."""
        if key not in self.newsletters:
            raise NotFound(f"there is no newsletter {key!r}; config.toml has: {', '.join(self.newsletters)}")
        return self.newsletters[key]

    def origin(self, name: str) -> Source:
        """Raises NotFound naming those there are."""
        found = next((one for one in self.origins if one.name == name), None)
        if found is None:
            names = ", ".join(one.name for one in self.origins)
            raise NotFound(f"there is no source {name!r}; config.toml has: {names}")
        return found
