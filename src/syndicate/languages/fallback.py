"""Which of the languages at hand serves somebody who asked for others."""

from collections.abc import Iterable, Sequence

from syndicate.languages.tags import SHIPPED, normalise, primary, region_of, script_of
from syndicate.model import LanguageTagError


def match(wanted: str, available: Iterable[str]) -> str | None:
    """The one of ``available`` that serves ``wanted``, spelled as given there, or None.

    Exact first; then ``wanted`` with subtags cut from its end (RFC 4647, section 3.4); then the same
    primary language, of the same script where there is a choice. Raises LanguageTagError for ``wanted``;
    ill-formed tags in ``available`` are passed over.
    """
    offered = _by_tag(available)
    tag = normalise(wanted)
    while tag:
        if tag in offered:
            return offered[tag]
        tag = tag.rpartition("-")[0]
    related = [t for t in offered if primary(t) == primary(wanted)]
    related.sort(key=lambda t: _script(t) != _script(wanted))
    return offered[related[0]] if related else None


def choose(wanted: Sequence[str], available: Iterable[str]) -> str | None:
    """The match of the first of ``wanted`` that has one: languages are listed in order of preference."""
    offered = tuple(available)
    return next((found for w in wanted if (found := match(w, offered)) is not None), None)


def interface(tag: str) -> str:
    """The nearest language that has a message catalogue: ``tr-CY`` -> ``tr``, ``pt`` -> ``en``."""
    return match(tag, SHIPPED) or "en"


def _by_tag(available: Iterable[str]) -> dict[str, str]:
    offered: dict[str, str] = {}
    for spelled in available:
        try:
            offered.setdefault(normalise(spelled), spelled)
        except LanguageTagError:
            continue
    return offered


def _script(tag: str) -> str:
    """The script of a tag, guessed from the country for the one language where that matters most."""
    if primary(tag) == "zh" and not script_of(tag):
        return "Hant" if region_of(tag) in {"TW", "HK", "MO"} else "Hans"
    return script_of(tag)
