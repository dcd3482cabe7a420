"""The sections of config.toml, one class each; defaults stand here and, commented, in config.toml."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from syndicate.config.kinds import (
    Address,
    Clock,
    DatabaseUrl,
    Domain,
    Duration,
    Language,
    Languages,
    Link,
    Mailbox,
    MaybeCron,
    MaybeHours,
    MaybeLanguage,
    MaybeLink,
    MaybeMailbox,
    MaybeServer,
    Networks,
    Pause,
    PublicPath,
    Seconds,
    Servers,
    Slug,
    Texts,
    Weekday,
    Zone,
)


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class SiteSection(Section):
    name: Texts
    description: dict[Language, str] = Field(default_factory=dict)
    url: Address
    public_url: Address
    id_authority: Annotated[str, Field(pattern=r"^[a-z0-9.@-]+,\d{4}(-\d\d(-\d\d)?)?$")]
    languages: Annotated[Languages, Field(min_length=1)]
    timezone: Zone = "UTC"
    postal_address: Annotated[str, Field(min_length=8)]
    postal_language: Language = "en"
    logo: MaybeLink = ""
    licence: MaybeLink = ""


class PathsSection(Section):
    public: Path = Path("var/public")
    outbox: Path = Path("var/outbox")
    similar: Path = Path("var/similar")
    templates: Path = Path("templates")
    secret: Path = Path("var/secret")


class DatabaseSection(Section):
    url: DatabaseUrl = "sqlite:///var/syndicate.db"


class FeedsSection(Section):
    page_size: Annotated[int, Field(ge=5, le=500)] = 50
    archives: tuple[Literal["site", "author", "tag"], ...] = ("site",)
    hubs: tuple[Link, ...] = ()
    moved: dict[PublicPath, PublicPath] = Field(default_factory=dict)


class SimilarSection(Section):
    count: Annotated[int, Field(ge=0, le=10)] = 3


class MailSection(Section):
    carrier: Literal["outbox", "smtp", "sendgrid"] = "outbox"
    from_address: Mailbox
    reply_to: MaybeMailbox = ""
    unsubscribe_address: MaybeMailbox = ""
    return_path: MaybeMailbox = ""
    verp: bool = False
    attempts: Annotated[int, Field(ge=1, le=20)] = 8
    on_unsure: Literal["hold", "resend"] = "hold"

    @model_validator(mode="after")
    def _returned(self) -> "MailSection":
        if self.verp and not self.return_path:
            raise ValueError("verp needs a return_path")
        return self


class PacedSection(Section):
    """How fast a carrier is used at most; 0 is no limit."""

    connections: Annotated[int, Field(ge=1, le=256)] = 8
    per_second: Annotated[float, Field(ge=0)] = 0.0
    per_second_domain: Annotated[float, Field(ge=0)] = 0.0
    domains: dict[Domain, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    warm_up: Annotated[int, Field(ge=0)] = 0
    warm_up_growth: Annotated[float, Field(gt=1, le=10)] = 1.5


class DkimSection(Section):
    domain: Domain
    selector: Domain
    key: Path


class SmtpSection(PacedSection):
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]+$")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    auth: Literal["auto", "plain", "login", "xoauth2"] = "auto"
    hello: Annotated[str, Field(pattern=r"^[A-Za-z0-9.\[\]:-]*$")] = ""
    timeout: Seconds = timedelta(seconds=60)
    messages_per_connection: Annotated[int, Field(ge=1)] = 100
    dkim: tuple[DkimSection, ...] = ()


class SendGridSection(PacedSection):
    url: Address = "https://api.sendgrid.com"
    connections: Annotated[int, Field(ge=1, le=64)] = 2
    personalizations: Annotated[int, Field(ge=1, le=1000)] = 100
    strict: bool = False
    sandbox: bool = False
    timeout: Seconds = timedelta(seconds=30)
    categories: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    webhook_key: str = ""
    opens: bool = False
    clicks: bool = False


class CarriersSection(Section):
    smtp: SmtpSection = SmtpSection()
    sendgrid: SendGridSection = SendGridSection()


class BouncesSection(Section):
    maildir: Path | None = None
    imap: MaybeServer = ""
    username: str = ""
    folder: str = "INBOX"

    @model_validator(mode="after")
    def _one(self) -> "BouncesSection":
        if self.maildir and self.imap:
            raise ValueError("give either maildir or imap")
        if self.imap and not self.username:
            raise ValueError("imap needs a username")
        return self


class SignupSection(Section):
    """The limits are counted over an hour."""

    from_address: MaybeMailbox = ""
    expires: Duration = timedelta(days=7)
    per_network: Annotated[int, Field(ge=1)] = 20
    in_all: Annotated[int, Field(ge=1)] = 500


class WebSection(Section):
    hosts: tuple[Domain, ...] = ()
    proxies: Networks = ()
    metrics_for: Networks = ("127.0.0.1", "::1")


class StaffSection(Section):
    second_factor: Literal["senders", "everybody", "nobody"] = "senders"
    undo: Annotated[Duration, Field(le=timedelta(days=1))] = timedelta(minutes=5)
    confirm_above: Annotated[int, Field(ge=0)] = 1000


class ClockSection(Section):
    ingest: Pause = timedelta(minutes=5)
    listen: Pause = timedelta(minutes=10)


class LogSection(Section):
    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"


class MarkdownSection(Section):
    name: Slug
    kind: Literal["markdown"]
    path: Path
    url: str
    authors: Path | None = None
    tags: Path | None = None
    default_language: MaybeLanguage = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class PageSection(Section):
    name: Slug
    kind: Literal["page"]
    path: Path
    url: str
    default_language: MaybeLanguage = ""


class WordPressSection(Section):
    name: Slug
    kind: Literal["wordpress"]
    url: Address
    username: str = ""
    drafts: bool = False
    post_types: tuple[str, ...] = ("posts",)
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    default_language: MaybeLanguage = ""
    allow_private: Servers = ()


class WxrSection(Section):
    name: Slug
    kind: Literal["wxr"]
    path: Path
    default_language: MaybeLanguage = ""


class FeedSection(Section):
    name: Slug
    kind: Literal["feed"]
    url: MaybeLink = ""
    path: Path | None = None
    language: MaybeLanguage = ""
    allow_private: Servers = ()

    @model_validator(mode="after")
    def _one(self) -> "FeedSection":
        if bool(self.url) == bool(self.path):
            raise ValueError("give either url or path")
        return self


SourceSection = Annotated[
    MarkdownSection | PageSection | WordPressSection | WxrSection | FeedSection, Field(discriminator="kind")
]


class NewsletterSection(Section):
    title: Texts
    description: dict[Language, str] = Field(default_factory=dict)
    languages: Languages = ()
    cadence: Literal["instant", "daily", "weekdays", "weekly", "monthly", "cron"] = "weekly"
    cron: MaybeCron = ""
    at: Clock = "08:00"
    weekday: Weekday = "monday"
    timezone: Zone | Literal["reader"] | None = None
    cadences: tuple[Literal["daily", "weekdays", "weekly", "monthly"], ...] = ()
    not_on: tuple[Weekday, ...] = ()
    not_between: MaybeHours = ""
    settle: Duration = timedelta(0)
    settle_at_most: Duration = timedelta(hours=3)
    late: Literal["send", "fold", "hold"] = "send"
    late_after: Duration = timedelta(hours=6)
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    fallback: Languages = ()
    wait_for_translation: Duration = timedelta(0)
    minimum_stories: Annotated[int, Field(ge=1)] = 1
    maximum_stories: Annotated[int, Field(ge=1, le=20)] = 20
    approval: bool = False
    approvals: Annotated[int, Field(ge=1, le=2)] = 1
    open: bool = True

    @model_validator(mode="after")
    def _possible(self) -> "NewsletterSection":
        if (self.cadence == "cron") != bool(self.cron):
            raise ValueError('cadence = "cron" and cron go together')
        if len(set(self.not_on)) == len(WEEKDAYS):
            raise ValueError("not_on leaves no day")
        rarer = CADENCES[CADENCES.index(self.cadence) + 1 :] if self.cadence in CADENCES else ()
        if wrong := [one for one in self.cadences if one not in rarer]:
            raise ValueError(f"cadences: {', '.join(wrong)} is not rarer than {self.cadence}")
        if self.timezone == "reader" and self.cadence in ("instant", "cron"):
            raise ValueError(f'timezone = "reader" needs an hour, which {self.cadence} has not')
        if self.approvals > 1 and not self.approval:
            raise ValueError("approvals says how many people approve, which approval = true asks for")
        if self.minimum_stories > self.maximum_stories:
            raise ValueError("minimum_stories is more than maximum_stories")
        return self


WEEKDAYS: tuple[str, ...] = get_args(Weekday)
CADENCES = ("instant", "daily", "weekdays", "weekly", "monthly")
"""From the most frequent on."""
