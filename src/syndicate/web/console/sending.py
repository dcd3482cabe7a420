"""Sending an issue: who gets it, approve, take back; how far it is, pause, resume, cancel."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson

from syndicate.digests.preflight import sentence
from syndicate.flows import control
from syndicate.flows.approve import Outlook, Wish, approve, let_go, local_moment, outlook, take_back
from syndicate.flows.headway import Headway, headway
from syndicate.flows.seen import Outdated
from syndicate.languages import capital, catalogue, format_number, name_in
from syndicate.model import DeliveryState, Issue, Role, SyndicateError, UnsafeValue
from syndicate.web.console.door import Door
from syndicate.web.console.times import span
from syndicate.web.console.visit import Visit
from syndicate.web.routes import Answer

ISSUE = "/staff/issues/{issue:str}"


def sending_pages(door: Door) -> None:
    screens = door.screens

    def send_page(visit: Visit, status: int = 200, wrong: str = "") -> Answer:
        found = outlook(visit.house, visit.number("issue"), visit.now)
        told = catalogue(visit.language).gettext(wrong) if wrong else ""
        return screens.show(visit, "send", status, wrong=told, **_of_send(visit, found))

    @door.look(f"{ISSUE}/send", Role.VIEWER)
    def look(visit: Visit) -> Answer:
        return send_page(visit)

    @door.act(f"{ISSUE}/approve", Role.SENDER)
    def say_yes(visit: Visit) -> Answer:
        number = visit.number("issue")
        try:
            issue = approve(visit.house, number, visit.actor, visit.now, _wish(visit, number))
        except Outdated:
            return screens.redirect(f"/staff/issues/{number}/send?said=outdated")
        except (SyndicateError, UnsafeValue) as error:
            return send_page(visit, 422, str(error))
        return screens.redirect(_where(issue, visit))

    @door.act(f"{ISSUE}/take-back", Role.SENDER)
    def back(visit: Visit) -> Answer:
        return _done(visit, lambda n, seen: take_back(visit.house, n, visit.actor, visit.now, seen), "send")

    @door.act(f"{ISSUE}/let-go", Role.SENDER)
    def go(visit: Visit) -> Answer:
        return _done(visit, lambda n, seen: let_go(visit.house, n, visit.actor, visit.now, seen))

    @door.act(f"{ISSUE}/pause", Role.SENDER)
    def pause(visit: Visit) -> Answer:
        return _done(visit, lambda n, seen: control.pause(visit.house, n, visit.actor, visit.now, seen))

    @door.act(f"{ISSUE}/resume", Role.SENDER)
    def resume(visit: Visit) -> Answer:
        return _done(visit, lambda n, seen: control.resume(visit.house, n, visit.actor, visit.now, seen))

    @door.act(f"{ISSUE}/cancel", Role.SENDER)
    def cancel(visit: Visit) -> Answer:
        return _done(visit, lambda n, seen: control.cancel(visit.house, n, visit.actor, visit.now, seen))

    def _done(visit: Visit, verb: Callable[[int, str | None], object], then: str = "progress") -> Answer:
        """Pressed on an old page, nothing is done: the page as it is now says so."""
        number, said = visit.number("issue"), ""
        try:
            verb(number, visit.form.get("seen") or None)
        except Outdated:
            said = "?said=outdated"
        return screens.redirect(f"/staff/issues/{number}/{then}{said}")

    @door.look(f"{ISSUE}/progress", Role.VIEWER)
    def watch(visit: Visit) -> Answer:
        found = headway(visit.house, visit.number("issue"), visit.now)
        return screens.show(visit, "progress", **_of_progress(visit, found))

    @door.look(f"{ISSUE}/progress.json", Role.VIEWER)
    def figures(visit: Visit) -> Answer:
        found = headway(visit.house, visit.number("issue"), visit.now)
        values = _of_progress(visit, found)
        told = {
            "state": found.issue.state,
            "held": found.issue.is_held(visit.now),
            "summary": values["summary"],
            "figures": screens.fragment(visit, "progress_figures", **values),
        }
        return screens.answer(orjson.dumps(told), "application/json")


def _where(issue: Issue, visit: Visit) -> str:
    page = "progress" if issue.state != "planned" and not issue.is_held(visit.now) else "send"
    return f"/staff/issues/{issue.id}/{page}"


def _wish(visit: Visit, number: int) -> Wish:
    """What the form says. Raises UnsafeValue for what is no time."""
    form = visit.form
    at = form.get("at") if form.get("when") == "at" else ""
    leave = visit.now if form.get("when") == "now" else None
    if form.get("when") == "at":
        leave = local_moment(visit.house, number, at)
    # Typed above the threshold; below it the number that the page showed.
    people = _people(form.get("shown"))
    if people is None or people > visit.house.confirm_above:
        people = _people(form.get("people")) or -1
    return Wish(leave=leave, people=people, seen=form.get("seen"))


def _people(text: str) -> int | None:
    """Digits of any script, grouped in any way."""
    digits = "".join(one for one in text if one.isdecimal())[:12]
    return int(digits) if digits else None


def _of_issue(visit: Visit, issue: Issue) -> dict[str, Any]:
    site, newsletter = visit.house.site, visit.house.newsletters.get(issue.newsletter)
    return {
        "title": site.text(newsletter.title, visit.language) if newsletter else issue.newsletter,
        "zone": newsletter.timezone if newsletter else site.timezone,
    }


def _of_send(visit: Visit, found: Outlook) -> dict[str, Any]:
    people: Counter[str] = Counter()
    for edition, _, _, number in found.tally.lines:
        if edition is not None:
            people[found.languages.get(edition, "")] += number
    left_out: Counter[str] = Counter()
    for _, state, reason, number in found.tally.lines:
        if state == DeliveryState.SKIPPED:
            left_out[reason] += number
    return {
        "found": found,
        "groups": [(_name(language, visit.language), n) for language, n in people.most_common()],
        "left_out": left_out.most_common(),
        "objection": lambda finding: sentence(finding, visit.language),
        "is_mine": any(one.staff == visit.signed.member.id for one in found.given),
        "undo": span(visit.house.undo, visit.language),
        "must_type": found.tally.owed > visit.house.confirm_above,
        "form": visit.form,
        **_of_issue(visit, found.issue),
    }


def _of_progress(visit: Visit, found: Headway) -> dict[str, Any]:
    return {
        "found": found,
        "summary": _summary(visit, found),
        "rest": span(found.rest, visit.language) if found.rest else "",
        "language_name": lambda tag: _name(tag, visit.language),
        "plain": lambda name: name,
        "busy": [key for key in ("put_off", "failed", "unsure", "skipped") if getattr(found.whole, key)],
        **_of_issue(visit, found.issue),
    }


def _summary(visit: Visit, found: Headway) -> str:
    words = catalogue(visit.language)
    if not found.owed:
        return words.gettext("There is nobody to send it to.")
    done, owed = format_number(found.done, visit.language), format_number(found.owed, visit.language)
    many = "{done} of {owed} people are done."
    return words.ngettext("{done} of {owed} person is done.", many, found.owed, done=done, owed=owed)


def _name(tag: str, reader: str) -> str:
    """As it stands alone, in a list."""
    return capital(name_in(tag, reader), reader)
