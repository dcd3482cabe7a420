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
    language, once ``wait_for_translation`` is over. ``cadence`` is instant, daily, weekdays, weekly, monthly or
    cron (then ``cron`` has the five fields); ``at`` is a local ``HH:MM`` in ``timezone``; ``weekday`` 0 is Monday.
    ``cadences`` are the rarer ones a reader may choose instead. ``follows_readers``: each reader gets it at that hour
    of their own zone. Nothing leaves on the weekdays ``not_on`` nor in ``not_between`` (``HH:MM-HH:MM``, local, may
    span midnight).

    A new article counts once it has not changed for ``settle``, at the latest ``settle_at_most`` after it was out.
    ``late``: what happens to an issue more than ``late_after`` behind its slot: send, fold (into the next), hold.
    ``is_open``: offered where people sign up. With ``approval`` an issue waits until as many members of staff as
    ``approvals`` says have approved it.
    """

    key: str
    title: Mapping[str, str]
    languages: tuple[str, ...]
    cadence: str
    at: str
    timezone: str
    description: Mapping[str, str] = field(default_factory=dict)
    cron: str = ""
    cadences: tuple[str, ...] = ()
    follows_readers: bool = False
    weekday: int = 0
    not_on: tuple[int, ...] = ()
    not_between: str = ""
    settle: timedelta = timedelta(0)
    settle_at_most: timedelta = timedelta(hours=3)
    late: str = "send"
    late_after: timedelta = timedelta(hours=6)
    is_open: bool = True
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    wait_for_translation: timedelta = timedelta(0)
    minimum_stories: int = 1
    maximum_stories: int = 20
    approval: bool = False
    approvals: int = 1
    template: str = "digest"
