"""An author: a person with a name, a photo, links and one bio per language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """``label`` is what to print (``ORCID``, ``Mastodon``); ``url`` is absolute http(s)."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Bio:
    """What is said of an author in one language. ``language`` is the bio's own, not the article's."""

    language: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Author:
    """``key`` is a slug ([a-z0-9-]). ``names`` holds other spellings as (language, name)."""

    key: str
    name: str
    names: tuple[tuple[str, str], ...] = ()
    photo: str = ""
    links: tuple[Link, ...] = ()
    bios: tuple[Bio, ...] = ()

    def name_in(self, language: str) -> str:
        """The name as printed in ``language``, else the common one."""
        return dict(self.names).get(language, self.name)
