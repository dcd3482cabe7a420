"""An edition as a mail: filled MJML to HTML, a text part of the same quality, and the hard cap on both.

EditionContent -> capped -> View -> mail.mjml.j2 -> HTML --+--> Digest
                    ^                                      |
                    +---- a story moves to the web <--- too large
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from syndicate.digests.content import Digest, EditionContent
from syndicate.digests.markup import to_html
from syndicate.digests.slots import MARKS, NAMES, filled
from syndicate.digests.subject import SEPARATOR
from syndicate.digests.templates import render
from syndicate.digests.view import Extras, View, entries, view
from syndicate.model import TemplateError, UnsafeValue

MAX_STORIES = 20
MAX_HTML = 80_000
# What the slots of one person may add: four values, addresses with tokens among them.
SLOT_ROOM = 1_500
_ROOM = MAX_HTML - SLOT_ROOM


def compose(content: EditionContent, templates: Sequence[Path]) -> Digest:
    """The digest of one edition, rendered once for all its readers.

    ``templates`` are folders that hold ``digest/``, a newsroom's own first; the newsletter's ``template``
    names the folder inside, with ``digest`` for what that one lacks. At most ``maximum_stories`` (never
    more than 20) are told and the HTML never exceeds 80 kB, filled slots included: stories move from the
    tail to ``on_the_web`` until it fits. Raises TemplateError.
    """
    capped = _capped(content)
    ready = entries(capped)
    for fitted, extras in _ever_smaller(capped):
        seen = view(fitted, extras, ready)
        html = _html(seen, content.newsletter.template, templates)
        if len(html.encode()) <= _ROOM:
            return _digest(fitted, seen, html, templates)
    raise TemplateError(
        f"{_names(content.newsletter.template, 'mjml')[0]}: over {MAX_HTML} bytes without any story"
    )


def _capped(content: EditionContent) -> EditionContent:
    """At most as many stories told as the newsletter allows; without a lead, the first item leads."""
    lead, *items = content.told or (None,)
    most = max(0, min(content.newsletter.maximum_stories, MAX_STORIES) - 1)
    rest = (*(i for i in items[most:] if i), *content.on_the_web)
    return replace(content, lead=lead, items=tuple(i for i in items[:most] if i), on_the_web=rest)


def _ever_smaller(content: EditionContent) -> Iterator[tuple[EditionContent, Extras]]:
    """The content as it is, then with one story less each time, at last with less of everything else."""
    yield content, Extras()
    while content.items:
        moved = content.items[-1]
        content = replace(content, items=content.items[:-1], on_the_web=(moved, *content.on_the_web))
        yield content, Extras()
    yield content, Extras(web=5, cards=3, similar=2)
    yield content, Extras(web=0, cards=0, similar=0)


def _html(seen: View, template: str, folders: Sequence[Path]) -> str:
    names = _names(template, "mjml")
    mjml = render(folders, names, seen.language, {"mail": seen})
    return to_html(mjml, names[0], seen.title)


def _digest(content: EditionContent, seen: View, html: str, folders: Sequence[Path]) -> Digest:
    names = _names(content.newsletter.template, "txt")
    text = render(folders, names, seen.language, {"mail": seen})
    for part, name in ((html, _names(content.newsletter.template, "mjml")[0]), (text, names[0])):
        _check_slots(part, name)
    return Digest(
        subject=seen.subject,
        preheader=SEPARATOR.join(seen.preheader),
        html=html,
        text=squeezed(text),
        language=seen.language,
        direction=seen.direction,
        told=tuple(item.complete.article.id for item in content.told),
        on_the_web=tuple(item.complete.article.id for item in content.on_the_web),
    )


def _check_slots(part: str, name: str) -> None:
    """No mail without a way out, and no slot that nobody fills."""
    try:
        filled(part, dict.fromkeys(NAMES, ""))
    except UnsafeValue as error:
        raise TemplateError(f"{name}: {error}") from error
    if MARKS["unsubscribe"] not in part:
        raise TemplateError(f"{name}: there is no unsubscribe link; print mail.slots.unsubscribe")


def _names(template: str, kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((f"{template}/mail.{kind}.j2", f"digest/mail.{kind}.j2")))


def squeezed(text: str) -> str:
    """No space at line ends, never more than two empty lines, one line end at the end."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [line for i, line in enumerate(lines) if line or any(lines[max(0, i - 2) : i])]
    return "\n".join(kept) + "\n"
