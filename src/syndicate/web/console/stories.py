"""The stories in all their languages, one in full, and the sources they come from."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from syndicate.flows import shelf
from syndicate.flows.withdraw import known
from syndicate.languages import format_list
from syndicate.model import Role
from syndicate.store.cards import Card, Wanted
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

HOME = "/staff/stories/"
LONGEST = 200
"""Characters of what is searched for."""


def story_pages(door: Door) -> None:
    screens = door.screens

    @door.look(HOME, Role.VIEWER)
    def look(visit: Visit) -> Answer:
        wanted = _wanted(visit)
        found = shelf.shelf(visit.house, wanted, visit.language, visit.now, _place(visit.query("before")))
        return screens.show(
            visit,
            "stories",
            shelf=found,
            wanted=wanted,
            languages=visit.house.site.languages,
            older=_older(wanted, found.older) if found.older else "",
            **_known(visit),
        )

    @door.look(HOME + "{story:str}/", Role.VIEWER)
    def one(visit: Visit) -> Answer:
        found = shelf.volume(visit.house, visit.text("story"), visit.language, visit.now)
        held = known(visit.house, visit.text("story"), visit.language)
        return screens.show(visit, "story", story=found, held=held, **_known(visit))

    @door.look("/staff/sources/", Role.VIEWER)
    def sources(visit: Visit) -> Answer:
        return screens.show(visit, "sources", origins=shelf.origins(visit.house))


def titles(visit: Visit) -> dict[str, str]:
    """Newsletters as this member knows them, by key."""
    site = visit.house.site
    held = visit.house.newsletters.values()
    return {one.key: site.text(one.title, visit.language) or one.key for one in held}


def _known(visit: Visit) -> dict[str, Any]:
    return {"titles": titles(visit), "listed": lambda items: format_list(list(items), visit.language)}


def _wanted(visit: Visit) -> Wanted:
    without = visit.query("without")
    return Wanted(
        visit.query("words")[:LONGEST].strip(),
        without if without in visit.house.site.languages else "",
        visit.query("unsent") == "yes",
    )


def _older(wanted: Wanted, card: Card) -> str:
    asked = {"words": wanted.words, "without": wanted.without, "unsent": "yes" if wanted.unsent else ""}
    place = f"{card.latest.isoformat()} {card.story}"
    return "?" + urlencode({name: value for name, value in {**asked, "before": place}.items() if value})


def _place(text: str) -> tuple[datetime, str] | None:
    """Of an address of ours; anything else is the beginning."""
    moment, _, story = text.partition(" ")
    try:
        latest = datetime.fromisoformat(moment)
        return (latest.astimezone(UTC) if latest.tzinfo else latest.replace(tzinfo=UTC)), story
    except (ValueError, OverflowError):
        return None
