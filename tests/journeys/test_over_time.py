"""Weeks in the life of a newsroom: what arrives late, is corrected, withdrawn, renamed, and who leaves."""

import email
import email.policy
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import feedparser
import pytest

from syndicate.editions import latest_slot
from syndicate.flows.approve import Wish, approve
from syndicate.flows.control import cancel, pause, resume, send
from syndicate.flows.plan import plan_issue
from syndicate.flows.run import ingest_all, send_approved
from syndicate.flows.subscribe import find, unsubscribe
from syndicate.model import COMMAND_LINE, IssueState, SkipReason, SyndicateError

from .conftest import Newsroom

Make = Callable[..., Newsroom]

# Mondays at 08:00 in Istanbul are 05:00 UTC.
AT_ONCE = Wish(undo=timedelta(0))
WEEK_1 = datetime(2026, 11, 2, 6, tzinfo=UTC)
WEEK_2 = datetime(2026, 11, 9, 6, tzinfo=UTC)
WEEK_3 = datetime(2026, 11, 16, 6, tzinfo=UTC)


def message(path: Path) -> EmailMessage:
    with path.open("rb") as file:
        made = email.message_from_binary_file(file, policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    return made


def text(path: Path) -> str:
    part = message(path).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def mailed(newsroom: Newsroom) -> dict[str, list[str]]:
    """Address to the text of every mail it got, in order."""
    found: dict[str, list[str]] = {}
    for path in newsroom.mails:
        address = str(message(path)["To"].addresses[0].addr_spec)
        found.setdefault(address, []).append(text(path))
    return found


def told(texts: list[str], title: str) -> int:
    """In how many of the mails a story is told (its title stands in them)."""
    return sum(title in one for one in texts)


def test_a_late_translation_comes_once_labelled_and_never_again(newsroom: Make) -> None:
    room = newsroom(weekly='fallback = ["en"]\nwait_for_translation = "6h"')
    room.article("early", "en", "2026-10-30T09:00:00Z")
    room.article("early", "tr", "2026-10-30T09:00:00Z", "Erken")
    room.readers("okur@example.com,tr,weekly", "reader@example.com,en,weekly")
    room.run_at(WEEK_1)
    # In English three hours before the cutoff: readers of Turkish wait for their translation.
    room.article("late", "en", "2026-11-09T02:00:00Z", "The late one")
    room.run_at(WEEK_2)
    mails = mailed(room)
    assert told(mails["reader@example.com"], "The late one") == 1
    assert len(mails["okur@example.com"]) == 1, "nothing was ready for them in week 2"
    # The wait is over and no translation came: labelled, once.
    room.run_at(WEEK_3)
    mails = mailed(room)
    assert told(mails["okur@example.com"], "The late one") == 1
    label = next(line for line in mails["okur@example.com"][1].splitlines() if "İngilizce" in line)
    assert label
    # The translation arrives in the end: nobody gets the story a second time.
    room.article("late", "tr", "2026-11-17T02:00:00Z", "Geciken")
    room.run_at(datetime(2026, 11, 23, 6, tzinfo=UTC))
    mails = mailed(room)
    assert told(mails["okur@example.com"], "Geciken") == 0
    assert len(mails["reader@example.com"]) == 2
    feed = feedparser.parse((room.public / "feeds/tr/atom.xml").read_bytes())
    assert "Geciken" in [entry.title for entry in feed.entries], "feeds have it at once"


def test_a_backdated_arrival_is_not_missed(newsroom: Make) -> None:
    room = newsroom()
    room.article("first", "en", "2026-10-30T09:00:00Z")
    room.readers("reader@example.com,en,weekly")
    room.run_at(WEEK_1)
    room.article("backdated", "en", "2026-10-20T09:00:00Z", "From the drawer")
    # It arrives after this run's slot, so it is the next issue's.
    room.run_at(WEEK_2)
    room.run_at(WEEK_3)
    assert told(mailed(room)["reader@example.com"], "From the drawer") == 1


def test_a_story_reaches_a_person_once_however_many_newsletters_carry_it(newsroom: Make) -> None:
    room = newsroom(
        more='[newsletters.energy]\ntitle = { en = "Energy" }\nweekday = "monday"\nat = "08:00"\ntags = ["energy"]'
    )
    room.article("both", "en", "2026-10-30T09:00:00Z", "In both", tags="[energy]")
    room.article("other", "en", "2026-10-30T10:00:00Z", "In one")
    room.readers("reader@example.com,en,weekly energy", "energetic@example.com,en,energy")
    room.run_at(WEEK_1)
    mails = mailed(room)
    assert told(mails["reader@example.com"], "In both") == 1
    assert len(mails["reader@example.com"]) == 1
    assert told(mails["energetic@example.com"], "In both") == 1
    room.article("news", "en", "2026-11-08T09:00:00Z", "News for both", tags="[energy]")
    room.run_at(WEEK_2)
    assert told(mailed(room)["reader@example.com"], "News for both") == 1
    reasons = room.data("issue", "show", "2")["reasons"]
    assert reasons == {SkipReason.HAD_ALL: 1}


def test_a_correction_moves_feeds_and_archive_and_mails_nobody(newsroom: Make) -> None:
    room = newsroom()
    room.article("plain", "en", "2026-10-30T09:00:00Z", body="There were 12 ferries.")
    room.article("stays", "en", "2026-10-29T09:00:00Z")
    room.readers("reader@example.com,en,weekly")
    room.run_at(WEEK_1)
    before = feedparser.parse((room.public / "feeds/en/atom.xml").read_bytes()).entries
    room.article(
        "plain", "en", "2026-10-30T09:00:00Z", body="There were 21 ferries.", correction="21, not 12"
    )
    room.run_at(WEEK_2)
    after = feedparser.parse((room.public / "feeds/en/atom.xml").read_bytes()).entries
    assert [e.id for e in before] == [e.id for e in after]
    assert after[0].updated > before[0].updated
    assert after[1].updated == before[1].updated
    assert "21 ferries" in after[0].content[0].value
    assert "21 ferries" in (room.public / "en/archive/weekly/2026-11-02/index.html").read_text()
    assert len(room.mails) == 1


def test_what_is_withdrawn_leaves_everything_but_its_tombstone(newsroom: Make) -> None:
    room = newsroom()
    for name in ("one", "two", "three"):
        room.article(name, "en", "2026-10-30T09:00:00Z", f"Story {name} of the canal and its ferries")
    room.readers("reader@example.com,en,weekly")
    room.run_at(WEEK_1)
    gone = feedparser.parse((room.public / "feeds/en/rss.xml").read_bytes()).entries
    identity = next(e.id for e in gone if "Story two" in e.title)
    (room.root / "articles/two/index.en.md").unlink()
    room.run_at(WEEK_2)
    atom = (room.public / "feeds/en/atom.xml").read_text()
    assert f'ref="{identity}"' in atom
    assert "Story two" not in atom.replace(identity, "")
    for path in ("feeds/en/rss.xml", "feeds/en/feed.json", "en/archive/weekly/2026-11-02/index.html"):
        assert "Story two" not in (room.public / path).read_text(), path


def test_ids_survive_a_rename_and_a_new_title(newsroom: Make) -> None:
    room = newsroom()
    old = room.article("slug-one", "en", "2026-10-30T09:00:00Z", "A title")
    room.article("other", "en", "2026-10-30T09:00:00Z", "Another")
    room.readers("reader@example.com,en,weekly")
    room.run_at(WEEK_1)
    before = {
        e.title: e.id for e in feedparser.parse((room.public / "feeds/en/atom.xml").read_bytes()).entries
    }
    target = room.root / "articles/slug-two/index.en.md"
    target.parent.mkdir()
    old.rename(target)
    room.run_at(WEEK_2)
    room.article("other", "en", "2026-10-30T09:00:00Z", "Another, retitled")
    room.run_at(WEEK_3)
    after = {
        e.title: e.id for e in feedparser.parse((room.public / "feeds/en/atom.xml").read_bytes()).entries
    }
    assert after == {"A title": before["A title"], "Another, retitled": before["Another"]}
    assert "deleted-entry" not in (room.public / "feeds/en/atom.xml").read_text()
    assert len(room.mails) == 1


def test_who_leaves_after_planning_is_not_mailed(newsroom: Make) -> None:
    room = newsroom()
    room.article("one", "en", "2026-10-30T09:00:00Z")
    room.readers("stays@example.com,en,weekly", "leaves@example.com,en,weekly")
    house = room.open()
    weekly = house.newsletters["weekly"]
    ingest_all(house, WEEK_1)
    planned = plan_issue(house.planner, weekly, latest_slot(weekly, WEEK_1), WEEK_1)
    person = find(house.database, "leaves@example.com")
    unsubscribe(house.database, person.id, "weekly", "test", WEEK_1)
    send_approved(house, lambda: WEEK_1)
    assert planned.owed == {"en": 2}
    assert set(mailed(room)) == {"stays@example.com"}
    assert room.data("issue", "show", str(planned.issue.id))["reasons"] == {SkipReason.UNSUBSCRIBED: 1}


def test_an_empty_edition_is_skipped_and_said_so(newsroom: Make) -> None:
    room = newsroom()
    room.article("one", "en", "2026-10-30T09:00:00Z")
    room.readers("reader@example.com,en,weekly", "okur@example.com,tr,weekly")
    report = room.run_at(WEEK_1)
    assert report.plans[0].empty == ("tr", "ru", "ar")
    assert report.plans[0].skipped == {SkipReason.NOTHING_NEW: 1}
    second = room.run_at(WEEK_2)
    assert second.plans[0].issue.state is IssueState.EMPTY
    assert len(room.mails) == 1


def test_pause_resume_cancel(newsroom: Make) -> None:
    room = newsroom(weekly="approval = true")
    room.article("one", "en", "2026-10-30T09:00:00Z")
    room.readers("reader@example.com,en,weekly")
    room.run_at(WEEK_1)
    house = room.open()
    with pytest.raises(SyndicateError, match="only an approved one"):
        send(house, 1, lambda: WEEK_1)
    approve(house, 1, COMMAND_LINE, WEEK_1, AT_ONCE)
    pause(house, 1, COMMAND_LINE, WEEK_1)
    send_approved(house, lambda: WEEK_1)
    assert room.mails == []
    resume(house, 1, COMMAND_LINE, WEEK_1)
    assert cancel(house, 1, COMMAND_LINE, WEEK_1) == 1
    send_approved(house, lambda: WEEK_1)
    assert room.mails == []
    # What was cancelled was sent to nobody: the story comes in the next issue.
    room.run_at(WEEK_2)
    approve(house, 2, COMMAND_LINE, WEEK_2, AT_ONCE)
    send(house, 2, lambda: WEEK_2)
    assert Counter(len(texts) for texts in mailed(room).values()) == {1: 1}


def test_a_first_ingest_dates_articles_by_what_they_say(newsroom: Make) -> None:
    room = newsroom()
    room.article("plain", "en", "2026-10-30T09:00:00Z")
    room.article("updated", "en", "2026-10-29T09:00:00Z", updated="2026-10-30T10:00:00Z")
    room.run_at(WEEK_1)
    items = json.loads((room.public / "feeds/en/feed.json").read_text())["items"]
    assert [item["date_modified"][:16] for item in items] == ["2026-10-30T09:00", "2026-10-30T10:00"]


def test_a_list_that_adds_a_newsletter_says_so_in_the_history_of_consent(newsroom: Make) -> None:
    room = newsroom(more='[newsletters.daily]\ntitle = { en = "Daily" }\ncadence = "daily"')
    room.readers("reader@example.com,en,weekly")
    room.readers("reader@example.com,en,weekly daily")
    room.readers("reader@example.com,en,weekly daily")
    consent = room.data("subscribers", "show", "reader@example.com")["consent"]
    assert [(one["what"], one["newsletter"]) for one in consent] == [
        ("subscribed", "weekly"),
        ("subscribed", "daily"),
    ]
