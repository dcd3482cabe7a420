"""Pages made for one person: templates that a newsroom may restyle, in the words of the reader's language."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from syndicate.digests.templates import mistakes_placed
from syndicate.languages import SHIPPED, catalogue, choose, direction, endonym, interface
from syndicate.model import LanguageTagError, NotFound, Site

STYLE = "site.css"


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

    def render(self, name: str, language: str, **values: Any) -> bytes:
        """``pages/{name}.html.j2`` in ``language``, a shipped one. Raises TemplateError, naming file and line."""
        given = {
            **catalogue(language).callables(),
            "language": language,
            "direction": direction(language),
            "site_name": self.site.text(self.site.name, language),
            "site_url": self.site.url,
            **values,
        }
        with mistakes_placed(self._environment):
            return self._environment.get_template(f"pages/{name}.html.j2").render(given).encode()

    def style(self) -> bytes:
        """Raises NotFound where no folder has it."""
        places = (folder / "pages" / STYLE for folder in self.folders)
        place = next((place for place in places if place.is_file()), None)
        if place is None:
            raise NotFound(f"pages/{STYLE} is in none of: {', '.join(map(str, self.folders))}")
        return place.read_bytes()

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


def apart(text: object) -> Markup:
    """A name inside a sentence of another direction, kept from mixing with it."""
    return Markup("<bdi>{}</bdi>").format(text)
