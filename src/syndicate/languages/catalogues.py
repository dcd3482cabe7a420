"""The words of the interface: GNU gettext catalogues, compiled in memory on first use.

One file per language, ``catalogues/<lang>.po``; the msgid is the English text. Placeholders are ``{name}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syndicate.languages.dates import format_number
from syndicate.languages.fallback import interface

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog
    from jinja2 import Environment

FOLDER = Path(__file__).parent / "catalogues"
_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_PERCENT_PLACE = re.compile(r"%\(([a-z_][a-z0-9_]*)\)s")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The messages of one language. A message without a translation is its English self.

    ``{name}`` is filled with ``str(values["name"])`` and nothing else: values are never read as formats.
    Without any value the placeholders stay; with some, one that has none raises KeyError. When a value is
    markup (has ``__html__``) the answer is markup too and all the other parts are escaped.
    """

    language: str
    _messages: NullTranslations

    def gettext(self, message: str, /, **values: object) -> str:
        """``message`` in this language, filled."""
        return _answer(self._messages.gettext, message, values)

    def ngettext(self, singular: str, plural: str, n: int, /, **values: object) -> str:
        """The form that ``n`` asks for; ``{n}`` is ``n`` as the language writes it."""
        return _answer(
            lambda one: self._messages.ngettext(one, _braced(plural), n),
            singular,
            self._counted(n, values),
            n,
        )

    def pgettext(self, context: str, message: str, /, **values: object) -> str:
        """``message`` as meant in ``context``, where English has one word for two things."""
        return _answer(lambda m: self._messages.pgettext(context, m), message, values)

    def npgettext(self, context: str, singular: str, plural: str, n: int, /, **values: object) -> str:
        """:meth:`ngettext` within ``context``."""
        found = lambda one: self._messages.npgettext(context, one, _braced(plural), n)  # noqa: E731
        return _answer(found, singular, self._counted(n, values), n)

    def callables(self) -> dict[str, Callable[..., str]]:
        """What templates call, to be given to ``render`` when one environment serves many languages."""
        return {
            "_": self.gettext,
            "gettext": self.gettext,
            "ngettext": self.ngettext,
            "pgettext": self.pgettext,
            "npgettext": self.npgettext,
        }

    def install(self, environment: Environment) -> None:
        """Make this the language of a Jinja2 environment that has ``jinja2.ext.i18n``.

        Both ``{{ _("By {names}", names=n) }}`` and ``{% trans names=n %}By {{ names }}{% endtrans %}`` then
        work, autoescaped. ``newstyle`` is off because it would fill with ``%`` what we fill by name.
        """
        environment.install_gettext_callables(  # type: ignore[attr-defined]
            self.gettext, self.ngettext, newstyle=False, pgettext=self.pgettext, npgettext=self.npgettext
        )

    def _counted(self, n: int, values: Mapping[str, object]) -> dict[str, object]:
        return {**values, "n": format_number(n, self.language)}


@lru_cache(maxsize=256)
def catalogue(tag: str) -> Catalogue:
    """The catalogue nearest to ``tag``: ``tr-CY`` -> Turkish, ``pt`` -> English. Raises LanguageTagError."""
    return _compiled(interface(tag))


@cache
def _compiled(language: str) -> Catalogue:
    from babel.messages.mofile import write_mo

    compiled = BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return Catalogue(language, GNUTranslations(compiled))


def read_catalogue(language: str) -> Catalog:
    """The ``.po`` file of a shipped language, parsed by Babel: for the compiler and the house's tests."""
    from babel.messages.pofile import read_po

    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, charset="utf-8", abort_invalid=True)


def _answer(find: Callable[[str], str], message: str, values: Mapping[str, Any], n: int | None = None) -> str:
    """Look up and fill. Asked in ``%(name)s`` (Jinja2's ``{% trans %}``), answer so, for Jinja2 to fill."""
    found = find(_braced(message))
    if _PERCENT_PLACE.search(message) or "%%" in message:
        return _PLACE.sub(r"%(\1)s", found.replace("%", "%%"))
    return _filled(found, values) if values else found


def _braced(message: str) -> str:
    """``{% trans %}`` writes ``%(name)s`` and ``%%``; catalogues hold ``{name}`` and ``%``."""
    if "%" not in message:
        return message
    return _PERCENT_PLACE.sub(r"{\1}", message).replace("%%", "%")


def _filled(text: str, values: Mapping[str, Any]) -> str:
    if not any(hasattr(value, "__html__") for value in values.values()):
        return _PLACE.sub(lambda place: str(values[place[1]]), text)
    from markupsafe import Markup, escape

    # Every part is escaped on the line itself: the only markup left is what the caller brought as markup.
    return Markup(_PLACE.sub(lambda place: str(escape(values[place[1]])), str(escape(text))))  # noqa: S704
