"""The site that publishes, and the newsletters one can subscribe to. Both come from config.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who publishes. Texts per language fall back along ``languages``.

    ``url`` is the newsroom's own site (the CMS); ``public_url`` is where ``var/public`` is served
    (feeds, archive, unsubscribe pages). Neither ends in a slash. ``id_authority`` is the
    taggingEntity of RFC 4151 (``example.org,2026``): never change it, ids are made from it.
    """

    name: Mapping[str, str]
    description: Mapping[str, str]
    url: str
    public_url: str
    id_authority: str
    languages: tuple[str, ...]
    timezone: str
    postal_address: str
    postal_language: str = "en"
    logo: str = ""
    licence: str = ""
    hubs: tuple[str, ...] = ()

    def text(self, texts: Mapping[str, str], language: str) -> str:
        """The text in ``language``, else in the first site language that has it, else empty."""
        for candidate in (language, language.split("-")[0], *self.languages):
            if candidate in texts:
                return texts[candidate]
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter:
    """One thing to subscribe to.

    A story belongs when it has any of ``tags``, ``authors``, ``sources`` (an empty filter takes all).
    ``fallback``: languages in which a story may come, labelled, to readers who did not ask for that
    language, once ``wait_for_translation`` is over. ``cadence`` is daily, weekdays, weekly or monthly;
    ``at`` is a local ``HH:MM`` in ``timezone``; ``weekday`` 0 is Monday.
    """

    key: str
    title: Mapping[str, str]
    languages: tuple[str, ...]
    cadence: str
    at: str
    timezone: str
    description: Mapping[str, str] = field(default_factory=dict)
    weekday: int = 0
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    wait_for_translation: timedelta = timedelta(0)
    minimum_stories: int = 1
    maximum_stories: int = 20
    approval: bool = False
    template: str = "digest"
