"""What staff change about an issue: left out is out, included is in for who reads it, their order and lead win."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.editions import Plan, Reader, changed, plan, tidied
from syndicate.editions.drafted import LONGEST_NOTE, LONGEST_SUBJECT
from syndicate.model import Article, ArticleState, Draft, Newsletter, Placement, Story, UnsafeValue, Verdict

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LANGUAGES = ("tr", "en", "ar")


def newsletter(fallback: tuple[str, ...] = (), maximum_stories: int = 12) -> Newsletter:
    return Newsletter(
        key="weekly", title={}, languages=LANGUAGES, cadence="daily", at="08:00", timezone="UTC",
        fallback=fallback, maximum_stories=maximum_stories,
    )  # fmt: skip


def version(story: str, language: str, hours: float, state: ArticleState = ArticleState.PUBLISHED) -> Article:
    moment = START + hours * HOUR
    return Article(
        source="folder", key=f"{story}.{language}", group=story, language=language, title=story,
        url="https://e.org/", published=moment, body_html="", id=f"{story}.{language}", story=story, sequence=1,
        available=moment, changed=moment, content_hash="", state=state,
    )  # fmt: skip


def story(name: str, **hours: float) -> Story:
    return Story(name, tuple(version(name, language, at) for language, at in hours.items()))


def issue(stories: list[Story], draft: Draft, *readers: Reader, wanted: Newsletter | None = None) -> Plan:
    since = {("", language): START - 24 * HOUR for language in LANGUAGES}
    return plan(wanted or newsletter(), stories, readers, since, START, draft=draft)


def told(made: Plan, language: str) -> list[str]:
    return [
        item.story for one in made.editions if one.is_main and one.language == language for item in one.items
    ]


def verdict(made: Plan, language: str, name: str) -> Verdict:
    return next(one.verdict for one in made.choices[language] if one.story == name)


NEWS = [story("a", tr=-3, en=-3), story("b", tr=-2, en=-2), story("c", tr=-1)]
OLD = story("old", tr=-90, en=-90)


def test_what_staff_leave_out_is_out_for_everybody() -> None:
    made = issue(NEWS, Draft(left_out=("b",)), Reader(1, ("tr",)), Reader(2, ("en", "tr")))
    assert told(made, "tr") == ["c", "a"]
    assert told(made, "en") == ["a"]
    assert verdict(made, "tr", "b") is Verdict.LEFT_OUT
    assert all(item.story != "b" for one in made.editions for item in one.items)


def test_what_staff_include_is_in_for_those_who_read_a_version_of_it() -> None:
    made = issue([*NEWS, OLD], Draft(included=("old",)))
    assert told(made, "tr") == ["c", "b", "a", "old"]
    assert told(made, "en") == ["b", "a", "old"]
    assert told(made, "ar") == []
    assert verdict(made, "ar", "old") is Verdict.NO_LANGUAGE


def test_included_in_another_language_it_is_labelled() -> None:
    one = story("one", en=-90)
    made = issue([*NEWS, one], Draft(included=("one",)), wanted=newsletter(fallback=("en",)))
    item = next(i for e in made.editions if e.language == "tr" for i in e.items if i.story == "one")
    assert (item.article_id, item.is_fallback) == ("one.en", True)


def test_included_it_is_not_told_again_to_who_has_had_it() -> None:
    made = issue([*NEWS, OLD], Draft(included=("old",)), Reader(1, ("tr",), frozenset({"old"})))
    edition = made.editions[made.assigned[1]]
    assert [item.story for item in edition.items] == ["c", "b", "a"]


def test_what_was_withdrawn_and_what_is_not_out_stays_out() -> None:
    gone = Story("gone", (version("gone", "tr", -2, ArticleState.WITHDRAWN),))
    coming = story("coming", tr=3)
    made = issue([*NEWS, gone, coming], Draft(included=("gone", "coming")))
    assert told(made, "tr") == ["c", "b", "a"]
    assert verdict(made, "tr", "gone") is Verdict.WITHDRAWN
    assert verdict(made, "tr", "coming") is Verdict.NOT_YET


def test_order_and_lead() -> None:
    assert told(issue(NEWS, Draft(order=("a", "c"))), "tr") == ["a", "c", "b"]
    assert told(issue(NEWS, Draft(order=("a", "c"), lead="b")), "tr") == ["b", "a", "c"]
    assert told(issue(NEWS, Draft(lead="c")), "en") == ["b", "a"]


NAMES = ("a", "b", "c", "d", "e")
some = st.lists(st.sampled_from(NAMES), unique=True).map(tuple)
drafts = st.builds(Draft, included=some, left_out=some, order=some, lead=st.sampled_from(("", *NAMES)))
shelves = st.dictionaries(
    st.sampled_from(NAMES), st.dictionaries(st.sampled_from(LANGUAGES), st.floats(-60, 10), min_size=1)
)
tongues = st.lists(st.sampled_from(LANGUAGES), min_size=1, unique=True).map(tuple)
people = st.lists(st.tuples(tongues, st.frozensets(st.sampled_from(NAMES))), max_size=4)


@given(shelves, drafts, people, st.integers(1, 4))
def test_whatever_staff_want(
    shelf: dict[str, dict[str, float]],
    draft: Draft,
    readers: list[tuple[tuple[str, ...], frozenset[str]]],
    most: int,
) -> None:
    stories = [story(name, **versions) for name, versions in shelf.items()]
    known = [Reader(n, languages, had) for n, (languages, had) in enumerate(readers)]
    wanted = newsletter(fallback=("en",), maximum_stories=most)
    made = issue(stories, draft, *known, wanted=wanted)
    for edition in made.editions:
        named = [item.story for item in edition.items]
        assert len(named) == len(set(named))
        assert not set(named) & set(draft.left_out)
        assert draft.lead not in named or named[0] == draft.lead
        rest = [one for one in named if one != draft.lead]
        ordered = [one for one in draft.order if one in rest]
        assert rest[: len(ordered)] == ordered
        assert [i.placement for i in edition.items if i.placement is Placement.LEAD] == [Placement.LEAD]
        assert all(version_is_out(stories, item.article_id) for item in edition.items)
    for reader in known:
        if reader.id in made.assigned:
            edition = made.editions[made.assigned[reader.id]]
            assert not reader.had & {item.story for item in edition.items}


def version_is_out(stories: list[Story], identity: str) -> bool:
    return any(one.id == identity and one.available <= START for s in stories for one in s.articles)


@settings(max_examples=50, deadline=None)
@given(shelves)
def test_an_empty_draft_changes_nothing(shelf: dict[str, dict[str, float]]) -> None:
    stories = [story(name, **versions) for name, versions in shelf.items()]
    since = {("", language): START - 24 * HOUR for language in LANGUAGES}
    assert issue(stories, Draft()) == plan(newsletter(), stories, [], since, START)


def test_a_draft_is_tidied() -> None:
    given_in = Draft(
        included=("a", "a", "b", ""), left_out=("b",), order=("a", "b", "a"), lead="b",
        notes={"en": "  One  \r\n\r\nTwo \n", "tr": " \n"}, subjects={"en": " A \n b ", "tr": ""},
    )  # fmt: skip
    assert tidied(given_in) == Draft(
        included=("a",), left_out=("b",), order=("a",), lead="",
        notes={"en": "One\n\nTwo"}, subjects={"en": "A b"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "draft",
    [
        Draft(notes={"en": "x" * (LONGEST_NOTE + 1)}),
        Draft(subjects={"en": "x" * (LONGEST_SUBJECT + 1)}),
        Draft(order=tuple(map(str, range(201)))),
    ],
)
def test_what_is_too_long_is_refused(draft: Draft) -> None:
    with pytest.raises(UnsafeValue):
        tidied(draft)


def test_what_an_editor_does() -> None:
    shown = ("a", "b", "c")
    assert changed(Draft(lead="a"), shown, "down", "a") == Draft(order=("b", "a", "c"))
    assert changed(Draft(), shown, "up", "c") == Draft(order=("a", "c", "b"))
    assert changed(Draft(), shown, "up", "a").order == shown
    assert changed(Draft(), shown, "down", "c").order == shown
    assert changed(Draft(), shown, "up", "x") == Draft()
    out = changed(Draft(included=("x",)), shown, "out", "x")
    assert out == Draft(left_out=("x",))
    assert changed(out, shown, "in", "x") == Draft(included=("x",))
    assert changed(Draft(), shown, "lead", "b").lead == "b"
    assert changed(Draft(notes={"en": "n"}), shown, "", "") == Draft(notes={"en": "n"})
