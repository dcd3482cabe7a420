"""config.toml -> frozen settings, wholly checked at the start.

Unknown keys and bad values are refused with file, key and reason. Secrets never stand in config.toml: they
come from the environment (``SYNDICATE_…``) or from files, and are kept in :class:`pydantic.SecretStr`.
"""

import contextlib
import os
import re
import secrets
import tempfile
import tomllib
from collections.abc import Callable
from datetime import timedelta
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

from syndicate.languages import normalise, primary
from syndicate.model import ConfigError, Newsletter, Site

SHIPPED_TEMPLATES = Path(__file__).parent / "templates"
_DURATION = re.compile(r"^\s*(\d+)\s*(s|m|h|d|w)\s*$")
SECRET_LENGTH = 16
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("not an IANA time zone, such as Europe/Istanbul") from error
    return value


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('not a time of day; write it like "08:00"')
    return value


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.match(value) if isinstance(value, str) else None
    if not found:
        raise ValueError('not a duration; write it like "30m", "6h" or "2d"')
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _link(value: str) -> str:
    if not re.fullmatch(r"https?://[^/\s<>\"\\?#]+([/?#][^\s<>\"\\]*)?", value):
        raise ValueError("not an http(s) address")
    return value


def _address(value: str) -> str:
    if re.search(r"[?#]", _link(value)):
        raise ValueError("an address to which paths are added cannot have ? or # in it")
    return value.rstrip("/")


def _mailbox(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>,;:\"\\]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", value):
        raise ValueError("not an e-mail address")
    if not value.isascii():
        raise ValueError("only letters of ASCII can be mailed from; write the domain as xn--…")
    return value


def _server(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError('not a server; write it like "127.0.0.1:8080"')
    return value


def _database(value: str) -> str:
    if not re.match(r"sqlite:///|postgresql(\+psycopg)?://", value):
        raise ValueError(
            'not a database; write it like "sqlite:///var/syndicate.db" or "postgresql:///syndicate"'
        )
    if re.match(r"[^/]*://[^/@]*:[^/@]+@", value) or "password=" in value:
        raise ValueError("a password does not stand in a file; put the address into SYNDICATE_DATABASE_URL")
    return value


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} is given twice")
    return values


def _optional(check: Callable[[str], str]) -> AfterValidator:
    """``check`` for what is given; the empty text says that nothing is."""
    return AfterValidator(lambda value: check(value) if value else "")


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", value):
        raise ValueError("only a-z, 0-9 and - are allowed")
    return value


Language = Annotated[str, AfterValidator(normalise)]
Languages = Annotated[tuple[Language, ...], AfterValidator(_once)]
MaybeLanguage = Annotated[str, _optional(normalise)]
Texts = Annotated[dict[Language, Annotated[str, Field(min_length=1)]], Field(min_length=1)]
Zone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[str, AfterValidator(_clock)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Seconds = Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(hours=1))]
Address = Annotated[str, AfterValidator(_address)]
Link = Annotated[str, AfterValidator(_link)]
MaybeLink = Annotated[str, _optional(_link)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
MaybeMailbox = Annotated[str, _optional(_mailbox)]
Servers = tuple[Annotated[str, AfterValidator(_server)], ...]
Slug = Annotated[str, AfterValidator(_slug)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class SiteSection(_Section):
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


class PathsSection(_Section):
    public: Path = Path("var/public")
    outbox: Path = Path("var/outbox")
    similar: Path = Path("var/similar")
    templates: Path = Path("templates")
    secret: Path = Path("var/secret")


class DatabaseSection(_Section):
    url: Annotated[str, AfterValidator(_database)] = "sqlite:///var/syndicate.db"


class FeedsSection(_Section):
    page_size: Annotated[int, Field(ge=5, le=500)] = 50
    archives: tuple[Literal["site", "author", "tag"], ...] = ("site",)
    hubs: tuple[Link, ...] = ()


class SimilarSection(_Section):
    count: Annotated[int, Field(ge=0, le=10)] = 3


class MailSection(_Section):
    carrier: Literal["outbox", "smtp"] = "outbox"
    from_address: Mailbox
    reply_to: MaybeMailbox = ""
    unsubscribe_address: MaybeMailbox = ""


class SmtpSection(_Section):
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]+$")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    timeout: Seconds = timedelta(seconds=60)


class CarriersSection(_Section):
    smtp: SmtpSection = SmtpSection()


class MarkdownSection(_Section):
    name: Slug
    kind: Literal["markdown"]
    path: Path
    url: str
    authors: Path | None = None
    tags: Path | None = None
    default_language: MaybeLanguage = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class PageSection(_Section):
    name: Slug
    kind: Literal["page"]
    path: Path
    url: str
    default_language: MaybeLanguage = ""


class WordPressSection(_Section):
    name: Slug
    kind: Literal["wordpress"]
    url: Address
    username: str = ""
    drafts: bool = False
    post_types: tuple[str, ...] = ("posts",)
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    default_language: MaybeLanguage = ""
    allow_private: Servers = ()


class WxrSection(_Section):
    name: Slug
    kind: Literal["wxr"]
    path: Path
    default_language: MaybeLanguage = ""


class FeedSection(_Section):
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


class NewsletterSection(_Section):
    title: Texts
    description: dict[Language, str] = Field(default_factory=dict)
    languages: Languages = ()
    cadence: Literal["daily", "weekdays", "weekly", "monthly"] = "weekly"
    at: Clock = "08:00"
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    timezone: Zone | None = None
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    fallback: Languages = ()
    wait_for_translation: Duration = timedelta(0)
    minimum_stories: Annotated[int, Field(ge=1)] = 1
    maximum_stories: Annotated[int, Field(ge=1, le=20)] = 20
    approval: bool = False

    @model_validator(mode="after")
    def _possible(self) -> "NewsletterSection":
        if self.minimum_stories > self.maximum_stories:
            raise ValueError("minimum_stories is more than maximum_stories")
        return self


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

    @model_validator(mode="before")
    @classmethod
    def _plain_texts(cls, data: Any) -> Any:
        """One plain string where a text per language may stand is in the site's first language."""
        try:
            first = data["site"]["languages"][0]
        except (KeyError, IndexError, TypeError):
            return data
        newsletters = data.get("newsletters")
        sections = newsletters.values() if isinstance(newsletters, dict) else ()
        for section in (data["site"], *(one for one in sections if isinstance(one, dict))):
            for key in ("name", "title", "description"):
                if isinstance(section.get(key), str):
                    section[key] = {first: section[key]}
        return data

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        _once(tuple(source.name for source in self.sources))
        self._readable("site.name", self.site.name)
        for key, newsletter in self.newsletters.items():
            self._readable(f"newsletters.{key}.title", newsletter.title)
            unknown = set(newsletter.languages) - set(self.site.languages)
            if unknown:
                raise ValueError(
                    f"newsletters.{key}.languages: {', '.join(sorted(unknown))} not among site.languages"
                )
            foreign = set(newsletter.sources) - {source.name for source in self.sources}
            if foreign:
                raise ValueError(
                    f"newsletters.{key}.sources: no source is named {', '.join(sorted(foreign))}"
                )
        return self

    def _readable(self, key: str, texts: dict[str, str]) -> None:
        """What has no text in any of the site's languages would be shown as nothing."""
        if not any({language, primary(language)} & set(texts) for language in self.site.languages):
            raise ValueError(f"{key}: a text in one of site.languages is missing")

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

        Whoever loses it breaks every unsubscribe link ever mailed: back it up. Raises ConfigError when it is too
        short to be one, or cannot be kept.
        """
        given = self.secret("secret").get_secret_value()
        if given:
            return _strong(given.encode(), "SYNDICATE_SECRET")
        path = self.path(self.paths.secret)
        try:
            if not path.exists():
                _make_secret(path)
            return _strong(path.read_bytes().strip(), str(path))
        except OSError as error:
            raise ConfigError(f"{path}: the secret cannot be kept: {error.strerror}") from error

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


def _make_secret(path: Path) -> None:
    """Whole or not at all, and once, whoever else starts at the same moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        with contextlib.suppress(FileExistsError):
            Path(path).hardlink_to(made)
    finally:
        Path(made).unlink()


def _strong(key: bytes, place: str) -> bytes:
    if len(key) < SECRET_LENGTH:
        raise ConfigError(f"{place}: a secret needs {SECRET_LENGTH} letters at least; make one at random")
    return key


def load(path: Path) -> Settings:
    """Read and check ``path``. Raises :class:`ConfigError` naming file, key and reason, all of them at once."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: not found; make one with: syndicate init DIR") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if "root" in data:
        raise ConfigError(f"{path}: root: unknown key")
    try:
        return Settings.model_validate(data | {"root": path.absolute().parent})
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(path, one) for one in error.errors())) from error


def _explain(path: Path, error: Any) -> str:
    reason = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        reason = "unknown key"
    key = _key(error["loc"])
    return f"{path}: {key}: {reason}" if key else f"{path}: {reason}"


def _key(loc: tuple[str | int, ...]) -> str:
    """``sources[0].path``: the kind that stands behind a source's number is no key of the file."""
    parts = [part for n, part in enumerate(loc) if part != "[key]" and not (n == 2 and loc[0] == "sources")]
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
