"""Pages made for one person: templates that a newsroom may restyle, in the words of the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from syndicate.digests.templates import mistakes_placed
from syndicate.languages import SHIPPED, catalogue, choose, direction, endonym, interface
from syndicate.model import LanguageTagError, NotFound, Site

STYLE = "site.css"
SCRIPT = "subscribe.js"


@dataclass(frozen=True, slots=True)
class Tongue:
    """The language of a page, one that is shipped, and where the same page is in another one.

    ``elsewhere`` is the address, with ``{language}`` in it. ``is_chosen``: somebody switched to this language, and
    what the page leads to stays in it.
    """

    language: str
    is_chosen: bool = False
    elsewhere: str = "?in={language}"

    @property
    def keep(self) -> str:
        """The query that links and forms of the page carry on."""
        return f"?in={self.language}" if self.is_chosen else ""


@dataclass(frozen=True, slots=True)
class Switch:
    """The same page in ``language``, which calls itself ``name``."""

    language: str
    direction: str
    name: str
    href: str
    is_here: bool


class Pages:
    """``folders`` hold ``pages/``: the newsroom's own first, then the shipped one."""

    def __init__(self, site: Site, folders: Sequence[Path]) -> None:
        self.site, self.folders = site, tuple(folders)
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self.folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"apart": apart, "endonym": endonym, "direction": direction}

    def render(self, template: str, tongue: Tongue, /, **values: Any) -> bytes:
        """``pages/{template}.html.j2`` in a language. Raises TemplateError, naming file and line."""
        language = tongue.language
        given = {
            **catalogue(language).callables(),
            "language": language,
            "direction": direction(language),
            "switches": self._switches(tongue),
            "keep": tongue.keep,
            "site_name": self.site.text(self.site.name, language),
            "site_url": self.site.url,
            **values,
        }
        with mistakes_placed(self._environment):
            return self._environment.get_template(f"pages/{template}.html.j2").render(given).encode()

    def asset(self, name: str) -> bytes:
        """A style sheet or script. Raises NotFound where no folder has it."""
        places = (folder / "pages" / name for folder in self.folders)
        place = next((place for place in places if place.is_file()), None)
        if place is None:
            raise NotFound(f"pages/{name} is in none of: {', '.join(map(str, self.folders))}")
        return place.read_bytes()

    def tongue(self, chosen: str, wanted: Sequence[str]) -> Tongue:
        """``chosen`` (of a query, may be anything) where it has a catalogue, else the best of ``wanted``."""
        if chosen in SHIPPED:
            return Tongue(chosen, is_chosen=True)
        return Tongue(self.language(wanted))

    def language(self, wanted: Sequence[str]) -> str:
        """The first of ``wanted`` that has a catalogue, else the site's own. What is no tag is passed over."""
        for tag in wanted:
            try:
                found = choose((tag,), SHIPPED)
            except LanguageTagError:
                continue
            if found:
                return found
        return interface(self.site.languages[0])

    def _switches(self, tongue: Tongue) -> list[Switch]:
        """Every shipped language, the site's own first."""
        own = [interface(tag) for tag in self.site.languages]
        return [
            Switch(
                language=tag,
                direction=direction(tag),
                name=endonym(tag),
                href=tongue.elsewhere.replace("{language}", tag),
                is_here=tag == tongue.language,
            )
            for tag in dict.fromkeys([*own, *SHIPPED])
        ]


def apart(text: object) -> Markup:
    """A name inside a sentence of another direction, kept from mixing with it."""
    return Markup("<bdi>{}</bdi>").format(text)
