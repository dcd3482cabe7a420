"""What a form offers to choose from: newsletters, languages, time zones; in the words of the page's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syndicate.languages import Catalogue, catalogue, direction, endonym, match
from syndicate.languages.zones import Zone, zones
from syndicate.model import Newsletter, Site

FIRST_CHOICES = 3
"""How many languages a form asks for, unless somebody has more already."""


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a list; ``language`` and ``direction`` are those of ``label``."""

    value: str
    label: str
    language: str
    direction: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One newsletter on a form. ``often`` says how often it comes; ``cadences`` are what may be chosen, its own first.

    ``reads``: the languages (tags) in which it comes; on the preferences page, those in which this person gets it.
    """

    key: str
    title: str
    description: str
    reads: tuple[str, ...]
    often: str
    cadences: tuple[Option, ...]
    is_chosen: bool = False
    cadence: str = ""


def how_often(cadence: str, words: Catalogue) -> str:
    """A cadence of a newsletter in words."""
    return {
        "instant": words.gettext("As soon as there is a story"),
        "daily": words.gettext("Every day"),
        "weekdays": words.gettext("Monday to Friday"),
        "weekly": words.gettext("Once a week"),
        "monthly": words.gettext("Once a month"),
    }.get(cadence, words.gettext("At fixed times"))


def offer(
    newsletter: Newsletter,
    site: Site,
    language: str,
    chosen: Mapping[str, str],
    reads: Sequence[str] = (),
) -> Offer:
    """``chosen``: cadence ("" for the newsletter's own) of each newsletter that is chosen, by its key."""
    words = catalogue(language)
    found = [match(tag, newsletter.languages) for tag in reads] if reads else newsletter.languages
    return Offer(
        key=newsletter.key,
        title=title(newsletter, site, language),
        description=site.text(newsletter.description, language),
        reads=tuple(dict.fromkeys(tag for tag in found if tag)),
        often=how_often(newsletter.cadence, words),
        cadences=_cadences(newsletter, words, language),
        is_chosen=newsletter.key in chosen,
        cadence=chosen.get(newsletter.key, ""),
    )


def title(newsletter: Newsletter, site: Site, language: str) -> str:
    return site.text(newsletter.title, language) or newsletter.key


def languages(site: Site, held: Sequence[str] = ()) -> tuple[Option, ...]:
    """Those the site publishes in, each by its own name; and what somebody reads already."""
    return tuple(
        Option(tag, endonym(tag), tag, direction(tag)) for tag in dict.fromkeys([*site.languages, *held])
    )


def places(options: Sequence[Option], held: Sequence[str]) -> tuple[str, ...]:
    """What is chosen in each list of languages, first to last; empty for none."""
    count = min(len(options), max(FIRST_CHOICES, len(held)))
    return tuple(held[n] if n < len(held) else "" for n in range(count))


def time_zones(language: str, held: str) -> tuple[Zone, ...]:
    """All of them by label, and ``held`` where it goes by an old name."""
    known = zones(language)
    return known if any(zone.name == held for zone in known) else (Zone(held, held), *known)


def cadences(values: Sequence[str], language: str) -> tuple[Option, ...]:
    """One list for all newsletters that leave a choice: each one's own first. Empty where none does."""
    words = catalogue(language)
    given = [
        ("", words.gettext("As each of them comes out")),
        *((one, how_often(one, words)) for one in values),
    ]
    return (
        tuple(Option(value, label, language, direction(language)) for value, label in given) if values else ()
    )


def _cadences(newsletter: Newsletter, words: Catalogue, language: str) -> tuple[Option, ...]:
    """Its own first, which is empty."""
    own = Option("", how_often(newsletter.cadence, words), language, direction(language))
    rarer = (Option(one, how_often(one, words), language, direction(language)) for one in newsletter.cadences)
    return (own, *rarer) if newsletter.cadences else ()
