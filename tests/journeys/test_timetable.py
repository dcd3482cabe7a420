"""The timetable over days: readers' own hours and cadences, quiet periods, hours at which nothing leaves, outages."""

import email
import email.policy
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.postgres_server import create

from syndicate.flows.approve import Wish, approve
from syndicate.flows.control import send
from syndicate.flows.plan import PlanReport
from syndicate.flows.run import ingest_all, send_approved
from syndicate.flows.status import waiting
from syndicate.flows.timetable import next_moment, ring
from syndicate.flows.upcoming import upcoming
from syndicate.model import COMMAND_LINE, Issue, IssueState, Subscriber, SubscriberStatus, Subscription
from syndicate.store import issues, subscribers

from .conftest import Newsroom

AT_ONCE = Wish(undo=timedelta(0))

Make = Callable[..., Newsroom]
HEAD = 'title = { en = "Daily" }\nlanguages = ["en", "tr"]\n'


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)


def daily(make: Make, settings: str, cadence: str = "daily") -> Newsroom:
    """A newsroom with one more newsletter, ``daily``, at 08:00 UTC unless ``settings`` say otherwise."""
    zone = "" if "timezone" in settings else 'timezone = "UTC"\n'
    return make(
        more=f'[newsletters.daily]\n{HEAD}cadence = "{cadence}"\n{zone}{settings}\n[similar]\ncount = 0'
    )


def people(room: Newsroom, *rows: str) -> None:
    """``name,timezone,cadence``: readers of English of the newsletter ``daily``."""
    house = room.open()
    with house.database.begin() as connection:
        for row in rows:
            name, zone, cadence = row.split(",")
            address = f"{name}@example.com"
            reader = Subscriber(
                email=address, canonical=address, languages=("en",), timezone=zone,
                status=SubscriberStatus.ACTIVE, subscriptions=(Subscription("daily", cadence),),
            )  # fmt: skip
            subscribers.save(connection, reader, at("01T00:00"))
    house.database.close()


def told(room: Newsroom) -> dict[str, list[str]]:
    """Reader to the titles' words of each mail they got, in order: stories are titled by one capital letter."""
    found: dict[str, list[str]] = {}
    for path in sorted(room.mails, key=_number):
        with path.open("rb") as file:
            message = email.message_from_binary_file(file, policy=email.policy.default)
        body = message.get_body(("plain",))
        assert body is not None
        words = {word for word in body.get_content().split() if word.startswith("Story-")}
        name = str(message["To"].addresses[0].username)
        found.setdefault(name, []).append(" ".join(sorted(words)).replace("Story-", ""))
    return found


def _number(path: Path) -> int:
    return int("".join(c for c in path.stem if c.isdigit()) or 0)


def story(room: Newsroom, letter: str, day: str, language: str = "en") -> None:
    room.article(letter, language, f"2026-11-{day}Z", f"Story-{letter}")


def made(room: Newsroom, newsletter: str = "daily") -> list[Issue]:
    """Its issues, oldest first."""
    house = room.open()
    try:
        with house.database.read() as connection:
            return issues.every(connection, newsletter, 1000)[::-1]
    finally:
        house.database.close()


def states(room: Newsroom) -> list[tuple[str, str]]:
    return [(one.name, one.state) for one in made(room)]


# -- outages


@pytest.mark.parametrize(
    ("late", "state", "mails"),
    [
        ("send", "sent", ["A", "B C"]),
        ("hold", "planned", ["A"]),
        ("fold", "folded", ["A"]),
    ],
)
def test_after_an_outage_every_slot_has_one_row_and_every_story_one_mail(
    newsroom: Make, late: str, state: str, mails: list[str]
) -> None:
    room = daily(newsroom, f'late = "{late}"')
    people(room, "a,UTC,")
    story(room, "A", "01T10:00:00")
    room.run_at(at("02T08:05"))
    story(room, "B", "02T10:00:00")
    story(room, "C", "04T10:00:00")
    report = room.run_at(at("05T15:00"))
    (plan,) = [one for one in report.plans if one.issue.newsletter == "daily"]
    assert plan.folded == (3 if late == "fold" else 2)
    expected = [("2026-11-02", "sent"), ("2026-11-03", "folded"), ("2026-11-04", "folded")]
    assert states(room) == [*expected, ("2026-11-05", state)]
    assert told(room)["a"] == mails
    house = room.open()
    if late == "hold":
        (line,) = waiting(house)
        assert "7 h 00 min late" in line
        approve(house, plan.issue.id, COMMAND_LINE, at("05T15:00"), AT_ONCE)
    elif late == "fold":
        assert len(waiting(house)) == 3
        assert "missed by 7 h 00 min: its stories go out with the next issue" in waiting(house)[2]
    house.database.close()
    room.run_at(at("06T08:00"))
    assert told(room)["a"] == ["A", "B C"], "once, in one mail, whatever the policy"
    house = room.open()
    assert waiting(house) == []
    house.database.close()
    room.run_at(at("06T09:00"))
    assert len(states(room)) == 5


def test_a_little_late_is_not_late_and_the_first_issue_never_is(newsroom: Make) -> None:
    room = daily(newsroom, 'late = "fold"')
    people(room, "a,UTC,")
    story(room, "A", "01T10:00:00")
    room.run_at(at("02T23:00"))
    story(room, "B", "02T23:30:00")
    room.run_at(at("03T14:00"))
    assert states(room) == [("2026-11-02", "sent"), ("2026-11-03", "sent")]
    assert told(room)["a"] == ["A", "B"]


def test_a_clock_that_was_set_back_makes_nothing_again(newsroom: Make) -> None:
    room = daily(newsroom, "")
    people(room, "a,UTC,")
    story(room, "A", "01T10:00:00")
    room.run_at(at("05T09:00"))
    for moment in ("03T09:00", "05T08:00", "05T07:00", "01T00:00"):
        (plan,) = [one for one in room.run_at(at(moment)).plans if one.issue.newsletter == "daily"]
        assert not plan.is_new
    assert states(room) == [("2026-11-05", "sent")]
    story(room, "B", "05T10:00:00")
    room.run_at(at("06T08:00"))
    assert told(room)["a"] == ["A", "B"]


def test_a_long_outage_has_four_hundred_rows_at_most(newsroom: Make) -> None:
    room = daily(newsroom, 'cron = "0 * * * *"', "cron")
    people(room, "a,UTC,")
    story(room, "A", "01T10:00:00")
    room.run_at(at("02T08:05"))
    report = room.run_at(at("27T08:05"))
    assert [one.folded for one in report.plans if one.issue.newsletter == "daily"] == [400]
    assert len(made(room)) == 402


# -- cadences


def test_each_reader_as_often_as_they_chose_and_nothing_twice(newsroom: Make) -> None:
    room = daily(newsroom, 'cadences = ["weekly"]\nweekday = "wednesday"')
    often, rare, moves = "often,UTC,", "rare,UTC,weekly", "moves,UTC,weekly"
    people(room, often, rare, moves)
    story(room, "A", "01T10:00:00")
    room.run_at(at("02T08:00"))
    assert set(told(room)) == {"often"}
    story(room, "B", "02T10:00:00")
    room.run_at(at("03T08:00"))
    story(room, "C", "03T10:00:00")
    room.run_at(at("04T08:00"))
    assert told(room) == {"often": ["A", "B", "C"], "rare": ["A B C"], "moves": ["A B C"]}
    story(room, "D", "04T10:00:00")
    room.run_at(at("05T08:00"))
    people(room, often, rare, "moves,UTC,daily")
    story(room, "E", "05T10:00:00")
    room.run_at(at("06T08:00"))
    assert told(room)["moves"] == ["A B C", "D E"], "what came out since the weekly issue, too"
    people(room, often, rare, moves)
    story(room, "F", "10T10:00:00")
    room.run_at(at("11T08:00"))
    assert told(room) == {
        "often": ["A", "B", "C", "D", "E", "F"],
        "rare": ["A B C", "D E F"],
        "moves": ["A B C", "D E", "F"],
    }


def test_the_archive_lists_the_newsletter_s_own_editions_and_shows_the_others_beside_them(
    newsroom: Make,
) -> None:
    room = daily(newsroom, 'cadences = ["weekly"]\nweekday = "saturday"', "weekdays")
    people(room, "often,UTC,", "rare,UTC,weekly")
    story(room, "A", "05T10:00:00")
    room.run_at(at("06T08:00"))
    story(room, "B", "06T10:00:00")
    room.run_at(at("07T08:00"))
    folder = room.public / "en/archive/daily"
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"2026-11-06", "2026-11-07-weekly"}
    listed = (folder / "index.html").read_text()
    assert "2026-11-06/" in listed
    assert "2026-11-07-weekly/" in listed, "there is no other of that day"
    page = (folder / "2026-11-07-weekly/index.html").read_text()
    assert "Story-A" in page
    assert "Story-B" in page
    mail = next(path for path in room.mails if b"rare@" in path.read_bytes())
    assert b"/en/archive/daily/2026-11-07-weekly/" in mail.read_bytes().replace(b"=\r\n", b"").replace(
        b"=\n", b""
    )


# -- readers' zones


@pytest.fixture(params=["sqlite", "postgres"])
def anywhere(request: pytest.FixtureRequest, newsroom: Make, monkeypatch: pytest.MonkeyPatch) -> Make:
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        url = create(server, f"timetable_{uuid.uuid4().hex}")
        monkeypatch.setenv("SYNDICATE_DATABASE_URL", url)
    return newsroom


def test_everybody_is_mailed_at_that_hour_of_their_own(anywhere: Make) -> None:
    room = daily(anywhere, 'timezone = "reader"\nat = "08:00"')
    people(room, "kiwi,Pacific/Auckland,", "tokyo,Asia/Tokyo,", "paris,Europe/Paris,", "lima,America/Lima,")
    story(room, "A", "01T10:00:00")
    # 08:00 on the 3rd: in Auckland 19:00 UTC of the 2nd, in Tokyo 23:00, in Paris 07:00, in Lima 13:00.
    house = room.open()
    ingest_all(house, at("02T18:59"))
    (first,) = ring(house.planner, [house.newsletters["daily"]], at("02T18:59"))
    assert first.issue.name == "2026-11-02", "the first issue is that of the slot before"
    send_approved(house, lambda: at("02T18:59"))
    assert next_moment(house.planner, [house.newsletters["daily"]], at("02T18:59")) == at("02T19:00")
    house.database.close()
    assert {name: len(mails) for name, mails in told(room).items()} == dict.fromkeys(
        ("kiwi", "tokyo", "paris", "lima"), 1
    )
    story(room, "B", "02T12:00:00")
    seen = []
    for moment in ("02T19:00", "02T22:59", "02T23:00", "03T07:00", "03T12:59", "03T13:00"):
        report = room.run_at(at(moment))
        seen.append(({name for name, mails in told(room).items() if "B" in mails}, len(report.send.waiting)))
    assert seen == [
        ({"kiwi"}, 1),
        ({"kiwi"}, 1),
        ({"kiwi", "tokyo"}, 1),
        ({"kiwi", "tokyo", "paris"}, 1),
        ({"kiwi", "tokyo", "paris"}, 1),
        ({"kiwi", "tokyo", "paris", "lima"}, 0),
    ]
    assert states(room) == [("2026-11-02", "sent"), ("2026-11-03", "sent")]
    assert all(mails == ["A", "B"] for mails in told(room).values())


def test_what_is_to_come_is_told_for_every_zone(newsroom: Make) -> None:
    room = daily(newsroom, 'timezone = "reader"\ncadences = ["weekly"]\nwait_for_translation = "90m"')
    people(room, "a,Asia/Tokyo,", "b,Asia/Tokyo,", "c,America/Lima,", "d,Europe/Paris,weekly")
    story(room, "A", "03T10:00:00")
    house = room.open()
    ingest_all(house, at("03T11:00"))
    found = upcoming(house, house.newsletters["daily"], at("03T11:00"))
    house.database.close()
    assert [one.name for one in found.slots] == ["2026-11-04", "2026-11-05", "2026-11-06"]
    first = found.slots[0]
    assert first.cadences == ("daily",)
    assert [(zone.zone, zone.readers, zone.local) for zone in first.zones] == [
        ("Asia/Tokyo", 2, "2026-11-04 08:00"),
        ("America/Lima", 1, "2026-11-04 08:00"),
    ]
    assert (first.moment, first.zones[-1].moment) == (at("03T23:00"), at("04T13:00"))
    assert found.readers == {"en": 3, "en weekly": 1}
    assert found.stories == {"en": 1, "en weekly": 1}
    (gap,) = found.missing
    assert (gap.lacks, gap.until) == (("tr",), at("03T11:30"))
    shown = room.command("issue", "list", "--upcoming", "--newsletter", "daily").stdout
    assert "08:00 Asia/Tokyo: 2 readers" in shown
    assert "by each reader’s clock" in shown
    assert room.data("issue", "list", "--upcoming", "--newsletter", "daily")[0]["slots"][0]["zones"]


# -- hours at which nothing leaves


def test_nothing_is_begun_nor_gone_on_with_in_closed_hours(newsroom: Make) -> None:
    room = daily(newsroom, 'at = "21:59"\nnot_between = "22:00-07:00"\nnot_on = ["sunday"]\napproval = true')
    people(room, "a,UTC,")
    story(room, "A", "06T10:00:00")
    room.run_at(at("06T21:59"))
    house = room.open()
    number = made(room)[0].id
    approve(house, number, COMMAND_LINE, at("06T21:59"), AT_ONCE)
    report = send_approved(house, lambda: at("06T22:00"))
    assert (report.waiting[number].number, report.waiting[number].due) == (1, at("07T07:00"))
    assert next_moment(house.planner, [house.newsletters["daily"]], at("06T22:00")) == at("07T07:00")
    assert send_approved(house, lambda: at("08T12:00")).waiting[number].due == at("09T07:00"), "a Sunday"
    assert told(room) == {}
    send_approved(house, lambda: at("07T07:00"))
    assert told(room) == {"a": ["A"]}
    story(room, "C", "07T10:00:00")
    ingest_all(house, at("07T22:30"))
    (late,) = ring(house.planner, [house.newsletters["daily"]], at("07T22:30"))
    approve(house, late.issue.id, COMMAND_LINE, at("07T22:30"), AT_ONCE)
    report = send(house, late.issue.id, lambda: at("07T22:30"))
    assert "sent by hand" in report.problems[0]
    assert told(room) == {"a": ["A", "C"]}
    house.database.close()
    story(room, "B", "07T10:00:00")
    room.run_at(at("08T22:30"))
    assert [name for name, _ in states(room)] == ["2026-11-06", "2026-11-07"], "Sunday's is Monday's"


# -- instant


def test_an_instant_newsletter_tells_a_story_when_it_is_ready_and_makes_no_empty_issue(
    newsroom: Make,
) -> None:
    room = daily(newsroom, 'settle = "10m"\nsettle_at_most = "1h"\ncadences = ["daily"]', "instant")
    people(room, "now,UTC,", "later,UTC,daily")
    story(room, "A", "01T10:00:00")
    room.run_at(at("02T08:00"))
    room.run_at(at("02T08:01"))
    assert told(room) == {"now": ["A"], "later": ["A"]}
    story(room, "B", "02T10:00:00")
    for moment in ("02T10:00:30", "02T10:05", "02T10:09"):
        room.run_at(at(moment))
    assert told(room)["now"] == ["A"], "it may still be changed"
    for moment in ("02T10:11", "02T10:11:20", "02T10:12", "02T10:13"):
        room.run_at(at(moment))
    assert told(room) == {"now": ["A", "B"], "later": ["A"]}
    room.article(
        "B", "en", "2026-11-02T10:00:00Z", "Story-B", body="Corrected, at some length, in words of its own."
    )
    for moment in ("02T10:30", "02T10:45", "02T11:30"):
        room.run_at(at(moment))
    assert told(room)["now"] == ["A", "B"], "a correction is no news"
    room.run_at(at("03T08:00"))
    assert told(room) == {"now": ["A", "B"], "later": ["A", "B"]}
    assert all(one.state is not IssueState.EMPTY for one in made(room))
    assert [one.name for one in made(room)] == [
        "2026-11-02-0800",
        "2026-11-02-0801",
        "2026-11-02-1011",
        "2026-11-03-0800",
    ]


def test_two_planners_at_the_same_time_tell_each_story_once(anywhere: Make) -> None:
    room = daily(anywhere, "", "instant")
    people(room, *(f"r{n},UTC," for n in range(4)))
    story(room, "A", "01T10:00:00")
    houses = [room.open() for _ in range(4)]
    ingest_all(houses[0], at("02T08:00"))
    gate, found = threading.Barrier(len(houses)), list[list[PlanReport]]()

    def plan(number: int) -> None:
        house = houses[number]
        gate.wait()
        # Each by a clock of its own: another minute, another slot.
        moment = at("02T08:00") + timedelta(minutes=number)
        found.append(ring(house.planner, [house.newsletters["daily"]], moment))

    threads = [threading.Thread(target=plan, args=(n,)) for n in range(len(houses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send_approved(houses[0], lambda: at("02T09:00"))
    for house in houses:
        house.database.close()
    assert len(found) == len(houses), "no lost race is an error"
    assert sum(one.is_new for reports in found for one in reports) == 1
    assert Counter(len(mails) for mails in told(room).values()) == {1: 4}


def test_planners_of_one_slot_return_the_same_issue(anywhere: Make) -> None:
    room = daily(anywhere, "")
    people(room, "a,UTC,")
    story(room, "A", "01T10:00:00")
    houses = [room.open() for _ in range(3)]
    ingest_all(houses[0], at("02T08:00"))
    gate, found = threading.Barrier(len(houses)), list[PlanReport]()

    def plan(number: int) -> None:
        house = houses[number]
        gate.wait()
        found.extend(ring(house.planner, [house.newsletters["daily"]], at("02T08:00")))

    threads = [threading.Thread(target=plan, args=(n,)) for n in range(len(houses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for house in houses:
        house.database.close()
    assert len({one.issue.id for one in found}) == 1
    assert sorted(one.is_new for one in found) == [False, False, True]
