"""Preview: an issue's mails next to each other, in frames that can do nothing, as anybody would see them.

What is in a mail was written by others. A frame is a document of its own: no script, no form, no plug-in, an origin of
nobody's, and it leads nowhere; the page around it holds nothing of it but the subject, as text.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from syndicate.flows.preview import Look, Preview, Reading, called, document, preview, readers, reading, sheet
from syndicate.model import NotFound, Role
from syndicate.web.answers import answer
from syndicate.web.console.door import Door
from syndicate.web.console.stories import titles
from syndicate.web.console.visit import LONGEST_NUMBER, Visit
from syndicate.web.routes import Answer

PREVIEW = "/staff/issues/{issue:str}/preview"
VIEWS = ("mail", "text", "web")
WIDTHS = ("wide", "phone")
LONGEST_WORDS = 254

NOT_YOURS = "Your role does not allow this."


def policy(*, images: bool) -> str:
    """Of a frame. ``sandbox`` without a word after it holds even where the frame's own attribute is not."""
    pictures = "https: data:" if images else "'none'"
    return (
        f"default-src 'none'; img-src {pictures}; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'; sandbox"
    )


def preview_pages(door: Door) -> None:
    screens = door.screens

    def shown(visit: Visit, status: int = 200, **more: Any) -> Answer:
        found = preview(visit.house, visit.number("issue"), visit.now)
        one = _reading(visit, found)
        return screens.show(visit, "preview", status, **_of(visit, found, one), **{"matches": None, **more})

    @door.look(PREVIEW, Role.VIEWER)
    def look(visit: Visit) -> Answer:
        if visit.query("reader") and not visit.signed.member.role.may(Role.EDITOR):
            return screens.refusal(visit, 403, NOT_YOURS)
        return shown(visit)

    @door.act(PREVIEW + "/reader", Role.EDITOR)
    def as_somebody(visit: Visit) -> Answer:
        """Looked for by POST: addresses of people do not belong into addresses of pages."""
        words = visit.form.get("who")[:LONGEST_WORDS]
        found = readers(visit.house, words)
        if len(found) == 1:
            chosen = urlencode({**_chosen(visit.form.get), "reader": found[0].id})
            return screens.redirect(f"/staff/issues/{visit.number('issue')}/preview?{chosen}")
        return shown(visit, matches=found)

    @door.look(PREVIEW + "/{sheet:str}", Role.VIEWER)
    def frame(visit: Visit) -> Answer:
        number, chosen, name = visit.number("issue"), _chosen(visit.query), ""
        if given := visit.query("reader"):
            if not visit.signed.member.role.may(Role.EDITOR):
                return screens.refusal(visit, 403, NOT_YOURS)
            name = called(visit.house, _number(given))
        one = sheet(visit.house, number, visit.text("sheet"), visit.now)
        how = Look(chosen.get("view", "mail"), dark="dark" in chosen)
        body = document(visit.house, number, one, how, name).encode()
        private = {"cache-control": "no-store", "x-robots-tag": "noindex"}
        strict = policy(images="images" not in chosen)
        return answer(body, "text/html; charset=utf-8", 200, private, policy=strict)


def _reading(visit: Visit, found: Preview) -> Reading | None:
    given = visit.query("reader")
    return reading(visit.house, found, _number(given)) if given else None


def _number(text: str) -> int:
    """Raises NotFound for what is none."""
    if not (text.isascii() and text.isdecimal()) or len(text) > LONGEST_NUMBER:
        raise NotFound("Page not found")
    return int(text)


def _chosen(get: Any) -> dict[str, str]:
    """How it is looked at; what is as usual is left out, and what is nothing of ours, too."""
    chosen = {}
    if (view := get("view")) in VIEWS[1:]:
        chosen["view"] = view
    if get("width") == "phone":
        chosen["width"] = "phone"
    if get("dark") == "1":
        chosen["dark"] = "1"
    if get("images") == "off":
        chosen["images"] = "off"
    return chosen


def _of(visit: Visit, found: Preview, one: Reading | None) -> dict[str, Any]:
    issue, chosen = found.issue, _chosen(visit.query if visit.request.method == "GET" else visit.form.get)
    reader = {"reader": str(one.person.id)} if one else {}
    base = f"/staff/issues/{issue.id}/preview"
    return {
        "found": found,
        "one": one,
        "title": titles(visit).get(issue.newsletter, issue.newsletter),
        "sheets": _seen(visit, found, one),
        "chosen": chosen,
        "path": base,
        "other": lambda **change: _address(base, {**chosen, **reader, **change}),
        "frame": lambda key: _address(f"{base}/{key}", {**chosen, **reader}),
        "weight": lambda digest: max(1, round(len(digest.html.encode()) / 1000)),
    }


def _seen(visit: Visit, found: Preview, one: Reading | None) -> list[Any]:
    """All of them, or that which one person gets."""
    if one is None:
        return list(found.sheets)
    if one.key is None:
        return []
    return [
        next((s for s in found.sheets if s.key == one.key), None)
        or sheet(visit.house, found.issue.id, one.key, visit.now)
    ]


def _address(path: str, wanted: Mapping[str, str]) -> str:
    query = urlencode({name: value for name, value in wanted.items() if value})
    return f"{path}?{query}" if query else path
