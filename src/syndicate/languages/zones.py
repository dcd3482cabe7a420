"""Time zones as people find them: by country and city, in their own language (CLDR, through Babel)."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import available_timezones

from syndicate.languages.locales import locale_for

_WORLD = frozenset({"001", "ZZ"})


@dataclass(frozen=True, slots=True)
class Zone:
    """``name`` is IANA's; ``label`` is the country and the city."""

    name: str
    label: str


@lru_cache(maxsize=16)
def zones(tag: str) -> tuple[Zone, ...]:
    """Every zone of a country, by its label in the language ``tag``; then ``UTC``. Raises LanguageTagError."""
    from babel.core import get_global

    territories, known = get_global("zone_territories"), available_timezones()
    names = [name for name, place in territories.items() if name in known and place not in _WORLD]
    labelled = (Zone(name, _label(name, territories[name], tag)) for name in names)
    return (*sorted(labelled, key=lambda zone: (_plain(zone.label), zone.name)), Zone("UTC", "UTC"))


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether ``name`` is a zone of the IANA database, an old name of one included."""
    return name in _known()


def _label(name: str, territory: str, tag: str) -> str:
    from babel.dates import get_timezone_location

    locale = locale_for(tag)
    city = get_timezone_location(name, locale=locale, return_city=True)
    return f"{locale.territories.get(territory, territory)} · {city}"


def _plain(label: str) -> str:
    """Without accents, so that Å stands with A."""
    parts = unicodedata.normalize("NFKD", label.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))
