"""Preflight: what a careful sender looks at before an issue goes out, gathered; ``digests.preflight`` judges it.

look: the mails as they would go out -------------------> judged --> a page, a command
ask:  their links, the domain's records, a spam filter --> kept with the hour, and judged by every later look
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import message_from_bytes

from syndicate.digests import Digest, stencil
from syndicate.digests.preflight import (
    Asked,
    Domain,
    Finding,
    Result,
    Score,
    Sheet,
    kept,
    links,
    names,
    of_asked,
    of_mail,
    of_mails,
    read,
    results,
    stopping,
)
from syndicate.flows.compose import restored
from syndicate.flows.house import House
from syndicate.flows.preview import Preview, contents, preview
from syndicate.flows.rehearse import addressed, sender_in
from syndicate.flows.seen import Outdated, subject_of
from syndicate.model import Actor, Busy, CarrierError, Issue, Newsletter, SyndicateError
from syndicate.store import Connection, audit, errands, issues
from syndicate.store.errands import Errand

KIND = "preflight"
NOBODY = "reader@example.org"
MOST_LINKS = 300
LOST_AFTER = timedelta(minutes=15)
"""One that was begun so long ago, and has not ended, was lost with its process."""

UNDER_WAY = "It is being looked at just now. Wait until that is done."

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Preflight:
    """``asked`` is what the network said last, None when nobody has asked; ``is_asking``: somebody does just now.

    ``problem`` is why the last time failed; ``mark`` is that of the page (see ``seen``).
    """

    issue: Issue
    newsletter: Newsletter
    results: tuple[Result, ...]
    asked: Asked | None
    is_asking: bool
    problem: str
    mark: str


def look(house: House, number: int, now: datetime) -> Preflight:
    """Everything that is known; nobody outside is asked. Raises NotFound."""
    found = preview(house, number, now)
    with house.database.read() as connection:
        asked, last = _kept(connection, number), errands.newest(connection, KIND, _name(number))
        before, mark = _before(connection, found.issue), _mark(connection, number)
    told = [one.content for one in found.sheets]
    if not found.is_draft:
        told = [*contents(house, number, [one.edition for one in found.sheets], similar=False)]
    sheets = [
        Sheet(one.digest, _head(house, found.newsletter, one.digest, now), content)
        for one, content in zip(found.sheets, told, strict=True)
    ]
    # A correction goes to those who had the story, in the languages they had it in.
    wanted = () if found.issue.corrects else found.newsletter.languages
    judged = [
        *of_mails(sheets, wanted, before),
        *of_asked(asked, _links(house, found), _domain(house)),
    ]
    is_asking = _is_running(last, now)
    problem = last.problem if last and not is_asking else ""
    return Preflight(found.issue, found.newsletter, results(judged), asked, is_asking, problem, mark)


def stops(house: House, number: int, now: datetime) -> tuple[Finding, ...]:
    """Why a planned issue should not go out as its editions are: what can be seen at once, and what was said before."""
    with house.database.read() as connection:
        issue = issues.get(connection, number)
        frozen = [restored(one.digest) for one in issues.editions(connection, number) if one.edition.is_main]
        asked = _kept(connection, number)
    newsletter = house.newsletters.get(issue.newsletter)
    if newsletter is None:
        return ()
    sheets = (Sheet(one, _head(house, newsletter, one, now)) for one in frozen)
    seen = [finding for sheet in sheets for finding in of_mail(sheet)]
    there = tuple(dict.fromkeys(url for one in frozen for url in links(one.html)))
    return stopping([*seen, *(of_asked(asked, there, _domain(house)) if asked else ())])


def ask(house: House, number: int, actor: Actor, clock: Clock, seen: str | None = None) -> None:
    """Ask the network about an issue, in the background; :func:`look` tells when that is done.

    Raises NotFound; Busy when somebody asks already, Outdated when somebody asked since ``seen``.
    """
    errand = _begin(house, number, actor, clock(), seen)
    threading.Thread(
        target=_done, args=(house, number, errand, clock), name=f"preflight {number}", daemon=True
    ).start()


def ask_now(house: House, number: int, actor: Actor, clock: Clock) -> None:
    """The same, and wait for it. Raises SyndicateError when it could not be done."""
    _done(house, number, errand := _begin(house, number, actor, clock(), None), clock)
    with house.database.read() as connection:
        if problem := errands.get(connection, errand).problem:
            raise SyndicateError(problem)


def _begin(house: House, number: int, actor: Actor, now: datetime, seen: str | None) -> int:
    with house.database.begin() as connection:
        issues.hold(connection, number)
        if seen is not None and seen != _mark(connection, number):
            raise Outdated(UNDER_WAY)
        if _is_running(errands.newest(connection, KIND, _name(number)), now):
            raise Busy(UNDER_WAY)
        audit.note(connection, actor, "issue.preflight", _name(number), now)
        return errands.begin(connection, KIND, actor.staff, _name(number), {"issue": number}, now)


def _done(house: House, number: int, errand: int, clock: Clock) -> None:
    """Whatever goes wrong is written down: nobody waits for a thread that is gone."""
    problem, rows = "", list[list[str]]()
    try:
        rows = kept(_asked(house, number, errand, clock))
    except SyndicateError as error:
        problem = str(error)
    except Exception as error:
        problem = type(error).__name__
        raise
    finally:
        with house.database.begin() as connection:
            errands.end(connection, errand, clock(), {}, rows, problem)


def _asked(house: House, number: int, errand: int, clock: Clock) -> Asked:
    found, outside, domain = preview(house, number, clock()), house.outside, _domain(house)
    answers = outside.links(_links(house, found)[:MOST_LINKS])
    wanted = names(domain) if domain.is_real else ()
    with ThreadPoolExecutor(max(1, len(wanted))) as pool:
        records = dict(zip(wanted, pool.map(lambda name: _records(house, name), wanted), strict=True))
    scores: dict[str, Score] = {}
    for n, one in enumerate(found.sheets):
        with house.database.begin() as connection:
            errands.tell(connection, errand, "spam", n, len(found.sheets), clock())
        if outside.spam and not one.edition.cadence:
            try:
                scores[one.edition.language] = outside.spam(
                    _message(house, found.newsletter, one.digest, clock())
                )
            except CarrierError:
                continue
    return Asked(clock(), answers, records, scores, outside.spam is not None)


def _records(house: House, name: str) -> tuple[str, ...] | None:
    try:
        return house.outside.records(name)
    except CarrierError:
        return None


def _links(house: House, found: Preview) -> tuple[str, ...]:
    """Of all editions, each once; not our own: what they lead to may come out with the issue only."""
    ours = f"{house.site.public_url}/"
    told = (url for one in found.sheets for url in links(one.digest.html))
    return tuple(dict.fromkeys(url for url in told if not url.startswith(ours)))


def _domain(house: House) -> Domain:
    name = _domain_of(house.from_address)
    envelope = _domain_of(house.return_path) or name
    return Domain(name, envelope, house.outside.keys, house.outside.carrier != "outbox")


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _head(house: House, newsletter: Newsletter, digest: Digest, now: datetime) -> Mapping[str, str]:
    """The headers alone: what stands below them takes longer to write, and changes none of them."""
    bare = replace(digest, subject="-", html="", text="")
    parsed = message_from_bytes(_message(house, newsletter, bare, now).partition(b"\r\n\r\n")[0])
    return {name.lower(): " ".join(str(value).split()) for name, value in parsed.items()}


def _message(house: House, newsletter: Newsletter, digest: Digest, now: datetime) -> bytes:
    sender = sender_in(house, newsletter, digest.language)
    return stencil(digest, sender).message(addressed(house, newsletter, "", NOBODY, 0), now)


def _before(connection: Connection, issue: Issue) -> Mapping[str, str]:
    """Subjects of the issue before, by language."""
    older = (one for one in issues.every(connection, issue.newsletter, 10) if one.slot < issue.slot)
    last = next((one.id for one in older if one.state not in ("empty", "folded", "cancelled")), 0)
    found: Sequence[tuple[int, str, str, str]] = issues.subjects(connection, [last]).get(last, ())
    return {language: subject for _, language, cadence, subject in found if not cadence}


def _kept(connection: Connection, number: int) -> Asked | None:
    last = errands.newest(connection, KIND, _name(number), errands.DONE)
    return read(last.told, last.ended_at) if last and last.ended_at else None


def _is_running(last: Errand | None, now: datetime) -> bool:
    return last is not None and last.state == errands.RUNNING and now - last.seen_at < LOST_AFTER


def _mark(connection: Connection, number: int) -> str:
    return str(audit.last(connection, _name(number)))


def _name(number: int) -> str:
    return f"preflight of {subject_of(number)}"
