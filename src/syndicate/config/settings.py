"""Everything that config.toml says, in one frozen value, and what other rooms take from it."""

import os
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, model_validator

from syndicate.config.kinds import Slug, once
from syndicate.config.secret import kept, strong
from syndicate.config.sections import (
    WEEKDAYS,
    BouncesSection,
    CarriersSection,
    ClockSection,
    DatabaseSection,
    FeedsSection,
    LogSection,
    MailSection,
    NewsletterSection,
    PathsSection,
    Section,
    SignupSection,
    SimilarSection,
    SiteSection,
    SourceSection,
    StaffSection,
    WebSection,
)
from syndicate.languages import primary
from syndicate.model import ConfigError, Newsletter, Site

PACKAGE = Path(__file__).parents[1]


class Settings(Section):
    """Everything config.toml says, with defaults filled in. Relative paths are relative to the file."""

    site: SiteSection
    paths: PathsSection = PathsSection()
    database: DatabaseSection = DatabaseSection()
    feeds: FeedsSection = FeedsSection()
    similar: SimilarSection = SimilarSection()
    mail: MailSection
    carriers: CarriersSection = CarriersSection()
    bounces: BouncesSection = BouncesSection()
    signup: SignupSection = SignupSection()
    web: WebSection = WebSection()
    staff: StaffSection = StaffSection()
    clock: ClockSection = ClockSection()
    log: LogSection = LogSection()
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
        once(tuple(source.name for source in self.sources))
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

    def language(self, given: str) -> str:
        """``given``, or the site's first language where none is."""
        return given or self.site.languages[0]

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
        shipped = (PACKAGE / "templates", PACKAGE.parents[1] / "templates")
        folders = (self.path(self.paths.templates), *shipped)
        return tuple(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))

    def signing_key(self) -> bytes:
        """The key that tokens and Message-IDs are made with: ``SYNDICATE_SECRET``, else a file made once.

        Whoever loses it breaks every unsubscribe link ever mailed: back it up. Raises ConfigError when it is too
        short to be one, or cannot be kept.
        """
        given = self.secret("secret").get_secret_value()
        if given:
            return strong(given.encode(), "SYNDICATE_SECRET")
        path = self.path(self.paths.secret)
        try:
            return kept(path)
        except OSError as error:
            raise ConfigError(f"{path}: the secret cannot be kept: {error.strerror}") from error

    def as_site(self) -> Site:
        return Site(**self.site.model_dump(), hubs=self.feeds.hubs)

    def as_newsletters(self) -> dict[str, Newsletter]:
        return {key: self._newsletter(key, section) for key, section in self.newsletters.items()}

    def _newsletter(self, key: str, section: NewsletterSection) -> Newsletter:
        values = section.model_dump()
        values["languages"] = section.languages or self.site.languages
        values["follows_readers"] = section.timezone == "reader"
        given = "" if section.timezone in (None, "reader") else section.timezone
        values["timezone"] = given or self.site.timezone
        values["weekday"] = WEEKDAYS.index(section.weekday)
        values["not_on"] = tuple(map(WEEKDAYS.index, section.not_on))
        values["is_open"] = values.pop("open")
        return Newsletter(key=key, **values)
