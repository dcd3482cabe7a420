"""config.toml -> frozen settings, wholly checked at the start.

Unknown keys and bad values are refused with file, key and reason. Secrets never stand in config.toml: they
come from the environment (``SYNDICATE_…``) or from files, and are kept in :class:`pydantic.SecretStr`.
"""

import os
import re
import secrets
import tomllib
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from syndicate.languages import normalise
from syndicate.model import ConfigError, Newsletter, Site

SHIPPED_TEMPLATES = Path(__file__).parent / "templates"
_DURATION = re.compile(r"^\s*(\d+)\s*(s|m|h|d|w)\s*$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _language(value: str) -> str:
    return normalise(value)


def _texts(value: Any) -> Any:
    """A text per language; one plain string stands for English."""
    return {"en": value} if isinstance(value, str) else value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("not an IANA time zone, such as Europe/Istanbul") from error
    return value


def _clock(value: str) -> str:
    time.fromisoformat(value)
    return value


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _DURATION.match(value)
    if not found:
        raise ValueError('not a duration; write it like "30m", "6h" or "2d"')
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _address(value: str) -> str:
    if not re.match(r"^https?://[^/\s]+", value):
        raise ValueError("not an http(s) address")
    return value.rstrip("/")


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", value):
        raise ValueError("only a-z, 0-9 and - are allowed")
    return value


Language = Annotated[str, AfterValidator(_language)]
Texts = Annotated[dict[Language, str], BeforeValidator(_texts)]
Zone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[str, AfterValidator(_clock)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Address = Annotated[str, AfterValidator(_address)]
Slug = Annotated[str, AfterValidator(_slug)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class SiteSection(_Section):
    name: Texts
    description: Texts = Field(default_factory=dict)
    url: Address
    public_url: Address
    id_authority: Annotated[str, Field(pattern=r"^[a-z0-9.@-]+,\d{4}(-\d\d(-\d\d)?)?$")]
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    timezone: Zone = "UTC"
    postal_address: Annotated[str, Field(min_length=8)]
    postal_language: Language = "en"
    logo: str = ""
    licence: str = ""


class PathsSection(_Section):
    public: Path = Path("var/public")
    outbox: Path = Path("var/outbox")
    similar: Path = Path("var/similar")
    templates: Path = Path("templates")
    secret: Path = Path("var/secret")


class DatabaseSection(_Section):
    url: str = "sqlite:///var/syndicate.db"


class FeedsSection(_Section):
    page_size: Annotated[int, Field(ge=5, le=500)] = 50
    archives: tuple[Literal["site", "author", "tag"], ...] = ("site",)
    hubs: tuple[Address, ...] = ()


class SimilarSection(_Section):
    count: Annotated[int, Field(ge=0, le=10)] = 3


class MailSection(_Section):
    carrier: Literal["outbox", "smtp"] = "outbox"
    from_address: str
    reply_to: str = ""
    unsubscribe_address: str = ""

    @model_validator(mode="after")
    def _addresses(self) -> "MailSection":
        for name in ("from_address", "reply_to", "unsubscribe_address"):
            value = getattr(self, name)
            if value and not re.fullmatch(r"[^@\s<>]+@[A-Za-z0-9.-]+", value):
                raise ValueError(f"{name}: not an e-mail address")
        return self


class SmtpSection(_Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    timeout: Duration = timedelta(seconds=60)


class CarriersSection(_Section):
    smtp: SmtpSection = SmtpSection()


class MarkdownSection(_Section):
    name: Slug
    kind: Literal["markdown"]
    path: Path
    url: str
    authors: Path | None = None
    tags: Path | None = None
    default_language: Language = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class PageSection(_Section):
    name: Slug
    kind: Literal["page"]
    path: Path
    url: str
    default_language: Language = ""


class WordPressSection(_Section):
    name: Slug
    kind: Literal["wordpress"]
    url: Address
    username: str = ""
    drafts: bool = False
    post_types: tuple[str, ...] = ("posts",)
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    default_language: Language = ""
    allow_private: tuple[str, ...] = ()


class WxrSection(_Section):
    name: Slug
    kind: Literal["wxr"]
    path: Path
    default_language: Language = ""


class FeedSection(_Section):
    name: Slug
    kind: Literal["feed"]
    url: str = ""
    path: Path | None = None
    language: Annotated[str, AfterValidator(lambda v: normalise(v) if v else "")] = ""
    allow_private: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one(self) -> "FeedSection":
        if bool(self.url) == bool(self.path):
            raise ValueError("give either url or path")
        return self


SourceSection = Annotated[
    MarkdownSection | PageSection | WordPressSection | WxrSection | FeedSection, Field(discriminator="kind")
]


class NewsletterSection(_Section):
    title: Texts
    description: Texts = Field(default_factory=dict)
    languages: tuple[Language, ...] = ()
    cadence: Literal["daily", "weekdays", "weekly", "monthly"] = "weekly"
    at: Clock = "08:00"
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    timezone: Zone | None = None
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    fallback: tuple[Language, ...] = ()
    wait_for_translation: Duration = timedelta(0)
    minimum_stories: Annotated[int, Field(ge=1)] = 1
    maximum_stories: Annotated[int, Field(ge=1, le=20)] = 20
    approval: bool = False


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Settings(_Section):
    """Everything config.toml says, with defaults filled in. Relative paths are relative to the file."""

    site: SiteSection
    paths: PathsSection = PathsSection()
    database: DatabaseSection = DatabaseSection()
    feeds: FeedsSection = FeedsSection()
    similar: SimilarSection = SimilarSection()
    mail: MailSection
    carriers: CarriersSection = CarriersSection()
    sources: tuple[SourceSection, ...] = ()
    newsletters: dict[Slug, NewsletterSection] = Field(default_factory=dict)

    root: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        names = [source.name for source in self.sources]
        for name in {n for n in names if names.count(n) > 1}:
            raise ValueError(f"sources: the name {name!r} is given twice")
        for key, newsletter in self.newsletters.items():
            unknown = set(newsletter.languages) - set(self.site.languages)
            if unknown:
                raise ValueError(
                    f"newsletters.{key}.languages: {', '.join(sorted(unknown))} not among site.languages"
                )
        return self

    def path(self, path: Path) -> Path:
        """``path`` as the file means it: relative to the folder that config.toml is in."""
        return path if path.is_absolute() else self.root / path

    def secret(self, name: str) -> SecretStr:
        """The environment's ``SYNDICATE_<NAME>``; empty when it is not set."""
        return SecretStr(os.environ.get(f"SYNDICATE_{name.upper().replace('-', '_')}", ""))

    @property
    def database_url(self) -> str:
        """From ``SYNDICATE_DATABASE_URL`` if set (it may hold a password), else the file's."""
        url = os.environ.get("SYNDICATE_DATABASE_URL") or self.database.url
        prefix = "sqlite:///"
        if url.startswith(prefix) and not url.startswith("sqlite:////") and ":memory:" not in url:
            return prefix + str((self.root / url.removeprefix(prefix)).absolute())
        return url

    @property
    def templates(self) -> tuple[Path, ...]:
        """Where templates are looked for: the newsroom's own first, then the shipped ones."""
        shipped = (SHIPPED_TEMPLATES, Path(__file__).parents[2] / "templates")
        return tuple(p for p in (self.path(self.paths.templates), *shipped) if p.is_dir())

    def signing_key(self) -> bytes:
        """The key that tokens and Message-IDs are made with: ``SYNDICATE_SECRET``, else a file made once.

        Whoever loses it breaks every unsubscribe link ever mailed: back it up.
        """
        given = self.secret("secret").get_secret_value()
        if given:
            return given.encode()
        path = self.path(self.paths.secret)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_hex(32).encode())
        return path.read_bytes().strip()

    def as_site(self) -> Site:
        return Site(**self.site.model_dump(), hubs=self.feeds.hubs)

    def as_newsletters(self) -> dict[str, Newsletter]:
        return {key: self._newsletter(key, section) for key, section in self.newsletters.items()}

    def _newsletter(self, key: str, section: NewsletterSection) -> Newsletter:
        values = section.model_dump()
        values["languages"] = section.languages or self.site.languages
        values["timezone"] = section.timezone or self.site.timezone
        values["weekday"] = WEEKDAYS.index(section.weekday)
        return Newsletter(key=key, **values)


def load(path: Path) -> Settings:
    """Read and check ``path``. Raises :class:`ConfigError` naming file, key and reason, all of them at once."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: not found; make one with: syndicate init DIR") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        return Settings.model_validate(data | {"root": path.absolute().parent})
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(path, one) for one in error.errors())) from error


def _explain(path: Path, error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"]) or "file"
    reason = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        reason = "unknown key"
    return f"{path}: {key}: {reason}"
