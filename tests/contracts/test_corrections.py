"""Withdrawn and corrected by staff, on every store: it holds against the source; a correction goes to exactly those who
got the story, once each, and the timetable does not notice."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from tests.contracts.samples import DIGEST, HOUR, NOW, add_issue, article, person
from tests.contracts.test_approve import CONFIG

from syndicate.app import open_house
from syndicate.flows import correct as flow
from syndicate.flows import withdraw as withdrawing
from syndicate.flows.approve import approve
from syndicate.flows.compose import Composer
from syndicate.flows.correct import Mailing, correct
from syndicate.flows.house import House
from syndicate.flows.prepare import apply, look
from syndicate.flows.seen import Outdated
from syndicate.flows.timetable import due_slot
from syndicate.model import (
    Actor,
    Article,
    ArticleState,
    DeliveryState,
    Edition,
    EditionItem,
    Issue,
    IssueState,
    Placement,
    Role,
    SkipReason,
    Subscriber,
    SubscriberStatus,
    Subscription,
    SyndicateError,
    UnsafeValue,
)
from syndicate.store import (
    Connection,
    Database,
    articles,
    audit,
    corrections,
    deliveries,
    issues,
    subscribers,
    told,
)
from syndicate.store.deliveries import Planned
from syndicate.store.tables import delivery
from syndicate.store.tables import edition as edition_table

ANNA = Actor(1, "Anna", Role.SENDER)
STORY = "story-1"


def version(language: str, **values: Any) -> Article:
    number = {"en": 1, "tr": 2, "ar": 3}[language]
    given: dict[str, Any] = {
        "id": f"tag:{language}",
        "story": STORY,
        "language": language,
        "sequence": number,
    }
    return article(f"{language}{number}", **(given | values))


def save(connection: Connection, value: Article) -> None:
    articles.save(connection, value, item=value.key, likeness="1" * 64)


def now_is(connection: Connection, language: str) -> Article:
    return articles.by_id(connection, [f"tag:{language}"])[f"tag:{language}"]


# -- against the source


@dataclass
class Desk:
    """A source and staff who disagree about one article; what each of them said last."""

    database: Database
    source: Article = field(default_factory=lambda: version("en"))
    withdrawn: bool = False
    note: str = ""
    at: datetime = NOW

    def says(self, **values: Any) -> None:
        self.at += HOUR
        with self.database.begin() as connection:
            before = now_is(connection, "en").changed
            self.source = replace(self.source, changed=max(before, self.at), **values)
            save(connection, self.source)

    def leaves(self) -> None:
        self.at += HOUR
        with self.database.begin() as connection:
            articles.withdraw(connection, ["tag:en"], self.at)
        self.source = replace(self.source, state=ArticleState.WITHDRAWN)

    def withdraw(self) -> None:
        self.withdrawn, self.at = True, self.at + HOUR
        with self.database.begin() as connection:
            corrections.withdraw(connection, STORY, ["tag:en"], "", ANNA, self.at, is_whole=False)

    def put_back(self) -> None:
        self.withdrawn, self.at = False, self.at + HOUR
        with self.database.begin() as connection:
            corrections.put_back(connection, STORY, ["tag:en"], self.at)

    def tell(self, note: str) -> None:
        self.note, self.at = note, self.at + HOUR
        with self.database.begin() as connection:
            corrections.tell(connection, STORY, {"tag:en": note}, ANNA, self.at)

    def hold(self) -> None:
        with self.database.read() as connection:
            found = now_is(connection, "en")
            (held,) = articles.held(connection, "folder")
        is_out = self.source.state is ArticleState.PUBLISHED
        assert found.state is (ArticleState.WITHDRAWN if self.withdrawn and is_out else self.source.state)
        assert (held.state, held.content_hash) == (self.source.state, self.source.content_hash), (
            "the source's"
        )
        if not self.withdrawn:
            assert found.state_note == (self.note or self.source.state_note)
            is_plain = not self.note
            assert (found.content_hash == self.source.content_hash) is is_plain, "feeds notice a note"


_acts = st.lists(
    st.one_of(
        st.tuples(
            st.just("says"), st.sampled_from(ArticleState), st.sampled_from("ab"), st.sampled_from(("", "n"))
        ),
        st.tuples(st.sampled_from(("leaves", "withdraw", "put_back"))),
        st.tuples(st.just("tell"), st.sampled_from(("", "It was Tuesday."))),
    ),
    max_size=10,
)


_OFTEN: list[tuple[Any, ...]] = [
    ("withdraw",),
    ("says", ArticleState.PUBLISHED, "b", ""),
    ("tell", "It was Tuesday."),
    ("put_back",),
    ("says", ArticleState.PUBLISHED, "a", "n"),
    ("tell", ""),
    ("withdraw",),
    ("leaves",),
    ("put_back",),
]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=_acts)
@example(acts=_OFTEN)
def test_what_staff_say_holds_whatever_the_source_says_and_nothing_is_forgotten(
    database: Database, acts: list[tuple[Any, ...]]
) -> None:
    desk = Desk(database)
    with database.begin() as connection:
        save(connection, desk.source)
        corrections.put_back(connection, STORY, ["tag:en"], NOW)
        corrections.tell(connection, STORY, {"tag:en": ""}, ANNA, NOW)
    for what, *how in acts:
        if what == "says":
            state, letter, note = how
            desk.says(state=state, content_hash=letter * 64, state_note=note)
        else:
            getattr(desk, what)(*how)
        desk.hold()


def test_a_translation_that_comes_later_is_withdrawn_with_its_story_and_can_be_put_back_alone(
    database: Database,
) -> None:
    with database.begin() as connection:
        save(connection, version("en"))
        corrections.withdraw(connection, STORY, ["tag:en"], "Mixed up.", ANNA, NOW + HOUR, is_whole=True)
        save(connection, version("tr"))
        assert now_is(connection, "tr").state is ArticleState.WITHDRAWN
        assert corrections.withdrawal_notes(connection) == {"tag:en": "Mixed up.", "tag:tr": "Mixed up."}
        corrections.put_back(connection, STORY, ["tag:en"], NOW + 2 * HOUR)
        save(connection, version("ar"))
        save(connection, version("tr"))
        states = {one: now_is(connection, one).state for one in ("en", "tr", "ar")}
    assert states == {
        "en": ArticleState.PUBLISHED,
        "tr": ArticleState.WITHDRAWN,
        "ar": ArticleState.PUBLISHED,
    }


def test_a_tombstone_keeps_its_hour_and_what_is_put_back_is_newer(database: Database) -> None:
    with database.begin() as connection:
        save(connection, version("en"))
        corrections.withdraw(connection, STORY, ["tag:en"], "", ANNA, NOW + HOUR, is_whole=False)
        save(connection, version("en", changed=NOW + 5 * HOUR, content_hash="5" * 64))
        assert now_is(connection, "en").changed == NOW + HOUR
        corrections.put_back(connection, STORY, ["tag:en"], NOW + 6 * HOUR)
        back = now_is(connection, "en")
    assert (back.changed, back.content_hash) == (NOW + 6 * HOUR, "5" * 64)


# -- exactly those who got it


@pytest.fixture
def house(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Nothing is rendered: whom it goes to does not depend on that."""

    def digests(*args: Any) -> Sequence[Mapping[str, Any]]:
        return [DIGEST] * len(args[3])

    monkeypatch.setattr(Composer, "digests", digests)
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    made = open_house(tmp_path / "config.toml")
    made.database.close()
    return replace(made, database=database)


_numbers = itertools.count(1)
NEWSLETTERS = ("weekly", "pair")
LANGUAGES = ("en", "tr")


@dataclass(frozen=True)
class Mail:
    newsletter: str
    language: str
    state: DeliveryState


@dataclass(frozen=True)
class Somebody:
    """``status`` None: erased since. ``takes`` are the newsletters that they are subscribed to now."""

    mails: tuple[Mail, ...]
    status: SubscriberStatus | None
    takes: tuple[str, ...]

    def got(self, wanted: Mailing) -> set[str]:
        """The languages in which they can be told, by a newsletter that they can still be mailed."""
        states = {DeliveryState.ACCEPTED} | ({DeliveryState.UNSURE} if wanted.doubtful_too else set())
        if self.status is not SubscriberStatus.ACTIVE:
            return set()
        return {
            one.language
            for one in self.mails
            if one.state in states and one.newsletter in self.takes and one.language in wanted.languages
        }


_mails = st.builds(
    Mail, st.sampled_from(NEWSLETTERS), st.sampled_from(LANGUAGES), st.sampled_from(DeliveryState)
)
_people = st.lists(
    st.builds(
        Somebody,
        st.lists(_mails, max_size=3).map(tuple),
        st.sampled_from((SubscriberStatus.ACTIVE, SubscriberStatus.ACTIVE, *SubscriberStatus, None)),
        st.sets(st.sampled_from(NEWSLETTERS)).map(lambda found: tuple(sorted(found))),
    ),
    max_size=15,
)
_wanted = st.builds(Mailing, st.sampled_from((("en",), ("tr",), ("en", "tr"))), st.booleans())


def told_story(house: House, people: Sequence[Somebody]) -> dict[int, Somebody]:
    """A ledger in which they were told the story as their mails say, each mail by an issue of its own."""
    found: dict[int, Somebody] = {}
    with house.database.begin() as connection:
        for language in LANGUAGES:
            save(connection, version(language))
        for one in people:
            kept = person(f"p{next(_numbers)}", subscriptions=tuple(Subscription(key) for key in one.takes))
            identity = _save_person(connection, kept, one.status)
            found[identity] = one
            for mail in one.mails:
                _tell(connection, identity, mail)
    return found


def _save_person(connection: Connection, kept: Subscriber, status: SubscriberStatus | None) -> int:
    if status is None:
        return 1_000_000 + next(_numbers)
    return subscribers.save(connection, replace(kept, status=status), NOW)


def _tell(connection: Connection, identity: int, mail: Mail) -> None:
    number = next(_numbers)
    slot = NOW - timedelta(minutes=number)
    issue = add_issue(connection, mail.newsletter, slot, state=IssueState.SENT, name=f"n{number}")
    item = EditionItem(STORY, f"tag:{mail.language}", mail.language, Placement.LEAD)
    made = issues.add_edition(
        connection, issue, Edition(mail.language, (mail.language,), (item,), True), DIGEST
    )
    connection.execute(
        insert(delivery).values(
            issue=issue,
            edition=made,
            subscriber=identity,
            state=mail.state,
            reason="",
            carrier="",
            message_id="",
        )
    )


def owed(house: House, made: Sequence[Issue]) -> dict[int, list[tuple[str, str, str]]]:
    """Subscriber to (newsletter, language, state and reason) of their lines in these issues."""
    newsletters = {one.id: one.newsletter for one in made}
    query = select(delivery, edition_table.c.language).join(edition_table, isouter=True)
    found: dict[int, list[tuple[str, str, str]]] = {}
    with house.database.read() as connection:
        for row in connection.execute(query.where(delivery.c.issue.in_(newsletters))):
            line = (newsletters[row.issue], row.language or "", f"{row.state} {row.reason}".strip())
            found.setdefault(row.subscriber, []).append(line)
    return found


def _reader(*mails: Mail, takes: tuple[str, ...] = NEWSLETTERS, **values: Any) -> Somebody:
    return Somebody(mails, values.get("status", SubscriberStatus.ACTIVE), takes)


_EN = Mail("weekly", "en", DeliveryState.ACCEPTED)
_ALL_KINDS = [
    *(_reader(Mail("weekly", "en", state)) for state in DeliveryState),
    *(_reader(_EN, status=status) for status in (*SubscriberStatus, None)),
    _reader(_EN, takes=("pair",)),
    _reader(_EN, Mail("pair", "tr", DeliveryState.ACCEPTED), takes=("pair",)),
    _reader(_EN, Mail("pair", "en", DeliveryState.ACCEPTED)),
    _reader(Mail("weekly", "en", DeliveryState.UNSURE), Mail("pair", "en", DeliveryState.ACCEPTED)),
    _reader(),
]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=_people, wanted=_wanted)
@example(people=_ALL_KINDS, wanted=Mailing(("en", "tr")))
@example(people=_ALL_KINDS, wanted=Mailing(("en",), doubtful_too=True))
def test_exactly_those_who_got_it_are_told_once_in_the_language_they_got_it_in(
    house: House, people: list[Somebody], wanted: Mailing
) -> None:
    house = _fresh(house)
    found = told_story(house, people)
    mailed = {identity for identity, one in found.items() if one.got(wanted)}
    notes = dict.fromkeys(wanted.languages, "It was Tuesday.")
    if not mailed:
        with pytest.raises(SyndicateError, match="can be mailed any more"):
            correct(house, STORY, notes, ANNA, NOW, wanted)
        return
    made = correct(house, STORY, notes, ANNA, NOW, wanted)
    assert {one.state for one in made} == {IssueState.PLANNED}
    lines = owed(house, made)
    assert {identity for identity, of in lines.items() if any(x[2] == "planned" for x in of)} == mailed
    for identity, of in lines.items():
        assert len(of) == 1, "nobody has two lines, whatever newsletters they got it by"
        newsletter, language, state = of[0]
        if state == "planned":
            assert language in found[identity].got(wanted)
            assert newsletter in found[identity].takes
        else:
            assert state.removeprefix("skipped ") in set(SkipReason)
    in_ledger = {DeliveryState.ACCEPTED, DeliveryState.UNSURE}
    assert all(any(one.state in in_ledger for one in found[identity].mails) for identity in lines)


def _fresh(house: House) -> House:
    """The same database, with what an example before left in it out of the way."""
    with house.database.begin() as connection:
        for table in (delivery, edition_table, issues.issue):
            connection.execute(table.delete())
    return house


def somebody(language: str = "en", state: DeliveryState = DeliveryState.ACCEPTED) -> Somebody:
    return Somebody((Mail("weekly", language, state),), SubscriberStatus.ACTIVE, ("weekly",))


def test_a_correction_is_an_issue_like_any_other_and_the_timetable_does_not_notice(house: House) -> None:
    told_story(house, [somebody()])
    newsletter = house.newsletter("weekly")
    with house.database.read() as connection:
        before = (
            issues.last_cutoffs(connection, "weekly"),
            issues.last_of_cadences(connection, "weekly"),
            issues.newest(connection, "weekly"),
            told.after(connection, "weekly", NOW - timedelta(days=1), 9),
        )
    due = due_slot(house.database, newsletter, NOW + HOUR)
    (one,) = correct(house, STORY, {"en": "It was Tuesday."}, ANNA, NOW, Mailing(("en",)))
    (two,) = correct(house, STORY, {"en": "It was Friday."}, ANNA, NOW, Mailing(("en",)))
    with house.database.read() as connection:
        assert before == (
            issues.last_cutoffs(connection, "weekly"),
            issues.last_of_cadences(connection, "weekly"),
            issues.newest(connection, "weekly"),
            told.after(connection, "weekly", NOW - timedelta(days=1), 9),
        )
        shown = [edition.edition.language for issue, edition in issues.archived(connection) if issue == one]
    assert due_slot(house.database, newsletter, NOW + HOUR) == due
    assert (one.corrects, one.name, two.name) == (STORY, "2026-06-01-erratum", "2026-06-01-erratum2")
    assert one.slot.microsecond, "no slot of a timetable"
    assert shown == [], "in the archive once it is approved"
    with pytest.raises(SyndicateError, match="not prepared"):
        look(house, one.id)
    assert not apply(house, one.id, NOW, anyway=True)
    assert approve(house, one.id, ANNA, NOW).state is IssueState.APPROVED
    with house.database.read() as connection:
        assert [x.edition.language for issue, x in issues.archived(connection) if issue.id == one.id] == [
            "en"
        ]


def test_whom_it_did_not_reach_it_is_owed_again_though_they_have_had_the_story(house: House) -> None:
    told_story(house, [somebody()])
    (made,) = correct(house, STORY, {"en": "It was Tuesday."}, ANNA, NOW, Mailing(("en",)))
    with house.database.begin() as connection:
        connection.execute(delivery.update().where(delivery.c.issue == made.id).values(state="failed"))
        assert deliveries.owe_missing(connection, made.id)["owed again"] == 1


def test_what_nobody_can_be_told_is_refused_and_said(house: House) -> None:
    told_story(house, [somebody()])
    with pytest.raises(UnsafeValue, match="Say what was wrong"):
        correct(house, STORY, {"en": " "}, ANNA, NOW)
    with pytest.raises(UnsafeValue, match="Say what was wrong"):
        correct(house, STORY, {"en": "x", "tr": ""}, ANNA, NOW, Mailing(("tr",)))
    with pytest.raises(UnsafeValue, match="not out in that language"):
        correct(house, STORY, {"ar": "x"}, ANNA, NOW)
    with pytest.raises(UnsafeValue, match="too long"):
        correct(house, STORY, {"en": "x" * 1001}, ANNA, NOW)
    with house.database.read() as connection:
        assert audit.entries(connection) == []


def test_pressed_twice_it_is_corrected_once(house: House) -> None:
    told_story(house, [somebody()])
    seen = flow.outlook(house, STORY, "en", NOW).held.mark
    correct(house, STORY, {"en": "x"}, ANNA, NOW, Mailing(("en",)), seen)
    with pytest.raises(Outdated):
        correct(house, STORY, {"en": "x"}, ANNA, NOW, Mailing(("en",)), seen)
    assert len(flow.outlook(house, STORY, "en", NOW).corrections) == 1


def test_those_who_got_it_are_counted_by_what_became_of_their_mail(house: House) -> None:
    left = replace(somebody(), takes=())
    told_story(
        house,
        [
            somebody(),
            left,
            somebody("tr"),
            somebody("en", DeliveryState.UNSURE),
            somebody("en", DeliveryState.BOUNCED),
        ],
    )
    found = flow.outlook(house, STORY, "en", NOW)
    counted = {one.language: (one.got, one.doubtful, one.lost) for one in found.reached}
    assert counted == {"en": (2, 1, 1), "tr": (1, 0, 0)}
    assert found.unreachable == {"en": 1}


# -- what a withdrawal does to issues


def waiting(house: House, state: IssueState, **values: Any) -> int:
    number = next(_numbers)
    with house.database.begin() as connection:
        issue = add_issue(connection, "weekly", NOW + HOUR * number, state=state, name=f"w{number}", **values)
        item = EditionItem(STORY, "tag:en", "en", Placement.LEAD)
        made = issues.add_edition(connection, issue, Edition("en", ("en",), (item,), True), DIGEST)
        deliveries.plan(connection, issue, [Planned(1, made, "<1@example.org>")], NOW)
    return issue


def test_what_leaves_is_paused_and_what_waits_is_taken_back_and_made_again(house: House) -> None:
    told_story(house, [somebody()])
    planned = waiting(house, IssueState.PLANNED)
    sending = waiting(house, IssueState.SENDING)
    leaving = waiting(house, IssueState.APPROVED)
    held = waiting(house, IssueState.PLANNED)
    done = waiting(house, IssueState.SENT)
    approve(house, held, ANNA, NOW)
    (mailed,) = correct(house, STORY, {"en": "x"}, ANNA, NOW, Mailing(("en",)))
    foreseen = withdrawing.outlook(house, STORY, "", "en", NOW)
    affected = withdrawing.withdraw(house, STORY, "", "Mixed up.", ANNA, NOW, foreseen.held.mark)
    assert affected == foreseen.affected
    assert {one.issue.id: str(one.upshot) for one in affected} == {
        planned: "made again",
        sending: "paused",
        leaving: "paused",
        held: "taken back",
        mailed.id: "cancelled",
    }
    with house.database.read() as connection:
        states = {
            n: issues.get(connection, n).state for n in (planned, sending, leaving, held, done, mailed.id)
        }
        assert issues.chosen(connection, planned) == set(), "it is in it no more"
        assert issues.chosen(connection, done) == {"tag:en"}, "what went out stays as it was"
    assert states == {
        planned: IssueState.PLANNED,
        sending: IssueState.PAUSED,
        leaving: IssueState.PAUSED,
        held: IssueState.PLANNED,
        done: IssueState.SENT,
        mailed.id: IssueState.CANCELLED,
    }


def test_asked_again_nothing_more_is_done_and_put_back_is_as_before(house: House) -> None:
    told_story(house, [])
    withdrawing.withdraw(house, STORY, "tr", "", ANNA, NOW)
    withdrawing.withdraw(house, STORY, "tr", "", ANNA, NOW + HOUR)
    with pytest.raises(SyndicateError, match="no version in that language"):
        withdrawing.withdraw(house, STORY, "ar", "", ANNA, NOW)
    assert withdrawing.put_back(house, STORY, "", ANNA, NOW + HOUR) == ("tr",)
    assert withdrawing.put_back(house, STORY, "", ANNA, NOW + HOUR) == ()
    with house.database.read() as connection:
        assert now_is(connection, "tr").state is ArticleState.PUBLISHED
        lines = [(one.action, one.detail["languages"]) for one in audit.entries(connection)]
    assert lines == [("story.put-back", ["tr"]), ("story.withdraw", ["tr"])]
