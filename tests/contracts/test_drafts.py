"""Drafts: kept with a number, nothing is overwritten, changes are taken back; an issue is made again from one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.journeys.console_server import open_desk
from tests.journeys.web_server import NOW

from syndicate.flows import prepare
from syndicate.flows.approve import approve
from syndicate.flows.house import House
from syndicate.flows.prepare import Conflict
from syndicate.flows.run import run
from syndicate.flows.timetable import ring
from syndicate.model import COMMAND_LINE, Draft, Edition, IssueState, SyndicateError, Verdict
from syndicate.store import Database, deliveries, drafts, issues
from syndicate.store.drafts import Held

MOMENT = datetime(2026, 5, 4, 8, tzinfo=UTC)
ME = COMMAND_LINE


def planned(database: Database) -> int:
    with database.begin() as connection:
        number = issues.add(
            connection, "weekly", MOMENT, "2026-05-04", None, MOMENT, IssueState.PLANNED, {}, MOMENT
        )
    assert number
    return number


def test_a_draft_is_kept_and_nothing_is_overwritten(database: Database) -> None:
    number = planned(database)
    first = Draft(included=("a",), order=("b", "a"), lead="b", notes={"en": "Hello"}, subjects={"tr": "Konu"})
    with database.begin() as connection:
        assert drafts.get(connection, number) == Held(Draft())
        assert drafts.save(connection, number, first, 0, 0, MOMENT)
        assert not drafts.save(connection, number, Draft(), 0, 0, MOMENT), "somebody else was here"
        held = drafts.get(connection, number)
        assert (held.draft, held.revision, held.is_applied, held.undoable) == (first, 1, False, 1)
        assert drafts.of(connection, [number, number + 1]) == {number: first}
        drafts.mark_applied(connection, number, 1)
        assert drafts.get(connection, number).is_applied


def test_changes_are_taken_back_one_by_one(database: Database) -> None:
    number = planned(database)
    with database.begin() as connection:
        for revision, lead in enumerate("abc"):
            assert drafts.save(connection, number, Draft(lead=lead), revision, 0, MOMENT)
        assert not drafts.undo(connection, number, 2, 0, MOMENT)
        for revision, lead in enumerate(("b", "a", ""), 3):
            assert drafts.undo(connection, number, revision, 0, MOMENT)
            assert drafts.get(connection, number).draft.lead == lead
        assert not drafts.undo(connection, number, 6, 0, MOMENT), "there is nothing left"
        assert drafts.get(connection, number).revision == 6


# -- an issue and its draft ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return open_desk(tmp_path_factory.mktemp("desk"))


def review(house: House) -> int:
    with house.database.read() as connection:
        return issues.every(connection, "review")[0].id


def by_title(house: House, number: int, *titles: str) -> list[str]:
    known = {title: story for story, title in prepare.look(house, number).titles.items() if "." not in story}
    return [known[title] for title in titles]


def main(house: House, number: int) -> dict[str, Edition]:
    with house.database.read() as connection:
        made = issues.editions(connection, number)
    return {one.edition.language: one.edition for one in made if one.edition.is_main}


def save(house: House, number: int, draft: Draft) -> Held:
    held = prepare.save(house, number, draft, prepare.draft_of(house, number).revision, ME, NOW)
    assert isinstance(held, Held)
    return held


def test_an_issue_is_made_again_from_its_draft(house: House) -> None:
    number = review(house)
    with house.database.read() as connection:
        before, owed = issues.get(connection, number), deliveries.counts(connection, number)
    school, rain, market = by_title(
        house, number, "A school by the river", "After the rain", "What the market sells"
    )
    save(house, number, Draft(left_out=(school,), order=(rain, market), lead=market,
                              notes={"en": "See https://e.org/a."}, subjects={"en": "Our own words"}))  # fmt: skip
    desk = prepare.look(house, number)
    assert {c.verdict for made in desk.choices.values() for c in made if c.story == school} == {
        Verdict.LEFT_OUT
    }
    assert all(c.verdict is Verdict.IN for c in desk.automatic["en"] if c.story == school)
    assert prepare.apply(house, number, NOW)
    assert not prepare.apply(house, number, NOW), "it is as it should be"
    with house.database.read() as connection:
        after, digests = issues.get(connection, number), issues.editions(connection, number)
        assert after == before, "the same issue, with the same cutoff"
        assert sum(deliveries.counts(connection, number).values()) == sum(owed.values()), (
            "nobody twice, nobody lost"
        )
    english = main(house, number)["en"]
    assert [item.story for item in english.items][:2] == [market, rain]
    assert school not in {item.story for one in digests for item in one.edition.items}
    digest = next(one.digest for one in digests if one.edition.id == english.id)
    assert digest["subject"] == "Our own words"
    assert '<a href="https://e.org/a"' in digest["html"]
    assert "See https://e.org/a." in digest["text"]
    assert digest["html"].index("https://e.org/a") < digest["html"].rindex("What the market sells")


def test_two_editors_at_once(house: House) -> None:
    number = review(house)
    held = prepare.draft_of(house, number)
    save(house, number, Draft(notes={"en": "theirs"}))
    found = prepare.save(house, number, Draft(notes={"en": "mine"}), held.revision, ME, NOW)
    assert isinstance(found, Conflict)
    assert found.theirs.draft.notes == {"en": "theirs"}
    assert found.mine.notes == {"en": "mine"}
    assert prepare.draft_of(house, number).draft.notes == {"en": "theirs"}
    undone = prepare.undo(house, number, found.theirs.revision, ME, NOW)
    assert isinstance(undone, Held)
    assert undone.draft == held.draft


def test_approving_takes_the_draft(tmp_path: Path) -> None:
    house = open_desk(tmp_path)
    number = review(house)
    rain = by_title(house, number, "After the rain")[0]
    save(house, number, Draft(lead=rain))
    assert approve(house, number, ME, NOW).state is IssueState.APPROVED
    assert main(house, number)["en"].items[0].story == rain
    with pytest.raises(SyndicateError, match="approved"):
        prepare.save(house, number, Draft(), 1, ME, NOW)


def test_an_issue_is_planned_ahead_and_waits_for_staff(tmp_path: Path) -> None:
    house = open_desk(tmp_path)
    weekly = house.newsletters["weekly"]
    with pytest.raises(SyndicateError, match="Nothing is ready"):
        prepare.prepare(house, weekly, ME, NOW)
    place = house.places["articles"] / "late"
    place.mkdir()
    (place / "index.en.md").write_text("---\ntitle: Late\ndate: 2026-05-05\n---\nToday.\n", encoding="utf-8")
    tomorrow = NOW + timedelta(days=2)
    run(house, lambda: tomorrow)
    made = prepare.prepare(house, weekly, ME, tomorrow)
    assert made.state is IssueState.PLANNED
    assert made.slot > tomorrow
    assert prepare.prepare(house, weekly, ME, tomorrow + timedelta(minutes=1)) == made
    old = by_title(house, made.id, "Late")[0]
    save(house, made.id, Draft(included=("article-of-nobody", old), left_out=(old,)))
    assert prepare.apply(house, made.id, tomorrow)
    with house.database.read() as connection:
        assert set(deliveries.counts(connection, made.id)) == {(None, "skipped")}
    found = [report.issue for report in ring(house.planner, [weekly], made.slot + timedelta(minutes=1))]
    assert found == [made], "the clock finds it, and it waits still"
