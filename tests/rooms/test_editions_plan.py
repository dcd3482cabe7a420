"""Who gets what in an issue: each story once, none lost, few editions, every answer with a reason."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.editions import Plan, Reader, counts_at, decide, has_news, plan
from syndicate.model import (
    Article,
    ArticleState,
    Credit,
    Edition,
    Newsletter,
    Placement,
    SkipReason,
    Story,
    Tag,
    Verdict,
)

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LANGUAGES = ("tr", "en", "ru")


def newsletter(**values: Any) -> Newsletter:
    given_in: dict[str, Any] = {
        "key": "weekly", "title": {}, "languages": LANGUAGES, "cadence": "daily", "at": "08:00", "timezone": "UTC",
    }  # fmt: skip
    return Newsletter(**(given_in | values))


def version(story: str, language: str, hours: float, **values: Any) -> Article:
    moment = START + hours * HOUR
    given_in: dict[str, Any] = {
        "source": "folder", "key": f"{story}.{language}", "group": story, "language": language, "title": story,
        "url": "https://e.org/", "published": moment, "body_html": "", "id": f"{story}.{language}",
        "story": story, "sequence": 1, "available": moment, "changed": moment, "content_hash": "",
    }  # fmt: skip
    return Article(**(given_in | values))


def story(name: str, **hours: float) -> Story:
    return Story(name, tuple(version(name, language, at) for language, at in hours.items()))


def issue(
    stories: list[Story], *readers: Reader, since: float | None = -24, cutoff: float = 0, **values: Any
) -> Plan:
    wanted = newsletter(**values)
    windows = [("", language) for language in wanted.languages]
    start = {} if since is None else dict.fromkeys(windows, START + since * HOUR)
    return plan(wanted, stories, readers, start, START + cutoff * HOUR)


def told(made: Plan, reader: int) -> list[str]:
    """What a reader gets: article ids, those in another language with a mark."""
    if reader not in made.assigned:
        return []
    edition = made.editions[made.assigned[reader]]
    return [item.article_id + "*" * item.is_fallback for item in edition.items]


# -- single decisions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "reads", "verdict", "chosen"),
    [
        (story("s", tr=-1, en=-1), ("tr",), Verdict.IN, "s.tr"),
        (story("s", en=-1), ("tr",), Verdict.NO_LANGUAGE, ""),
        (story("s", en=-8), ("tr", "en"), Verdict.IN_FALLBACK, "s.en"),
        (story("s", en=-1), ("tr", "en"), Verdict.WAITING, ""),
        (story("s", en=-8, tr=-1), ("tr", "en"), Verdict.IN, "s.tr"),
        (story("s", en=-40, tr=-1), ("tr", "en"), Verdict.TOO_OLD, ""),
        (story("s", en=-40, tr=-1), ("tr",), Verdict.IN, "s.tr"),
        (story("s", tr=-24), ("tr",), Verdict.TOO_OLD, ""),
        (story("s", tr=0), ("tr",), Verdict.IN, "s.tr"),
        (story("s", tr=0.01), ("tr",), Verdict.NOT_YET, ""),
        (Story("s", (version("s", "tr", -1, state=ArticleState.WITHDRAWN),)), ("tr",), Verdict.WITHDRAWN, ""),
        (Story("s", (version("s", "en-GB", -1),)), ("en",), Verdict.IN, "s.en-GB"),
    ],
)
def test_a_verdict(one: Story, reads: tuple[str, ...], verdict: Verdict, chosen: str) -> None:
    wanted = newsletter(wait_for_translation=6 * HOUR)
    made = decide(one, wanted, reads, START - 24 * HOUR, START)
    assert (made.verdict, made.article_id) == (verdict, chosen)


def test_a_newsletter_takes_what_has_any_of_its_tags_authors_or_sources() -> None:
    plain = version("s", "tr", -1)
    tagged, signed = (
        replace(plain, tags=(Tag("water", "Su"),)),
        replace(plain, authors=(Credit("ayse", "A"),)),
    )
    wanted = newsletter(tags=("water",), authors=("ayse",), sources=("cms",))
    for article, verdict in (
        (plain, Verdict.FILTERED),
        (tagged, Verdict.IN),
        (signed, Verdict.IN),
        (replace(plain, source="cms"), Verdict.IN),
    ):
        assert decide(Story("s", (article,)), wanted, ("tr",), None, START).verdict is verdict


# -- one issue ------------------------------------------------------------------------------------------------


def test_a_fallback_is_labelled_and_comes_after_what_is_one_s_own() -> None:
    stories = [story("a", tr=-9), story("b", en=-8), story("c", ru=-7)]
    made = issue(stories, Reader(1, ("tr",)), Reader(2, ("tr", "ru")), fallback=("en",))
    assert told(made, 1) == ["a.tr", "b.en*"]
    assert told(made, 2) == ["a.tr", "c.ru*", "b.en*"]


def test_most_readers_of_a_language_share_one_edition() -> None:
    stories = [story(f"s{n}", tr=-n, en=-n) for n in range(1, 6)]
    readers = [Reader(n, ("tr",) if n % 2 else ("tr", "en")) for n in range(300)]
    readers += [Reader(900 + n, ("tr",), frozenset({"s1", f"unrelated{n}"})) for n in range(20)]
    made = issue(stories, *readers)
    assert Counter(made.assigned.values()).most_common() == [(0, 300), (2, 20)]
    assert [(e.language, e.is_main) for e in made.editions] == [("tr", True), ("en", True), ("tr", False)]


def test_who_has_had_a_story_gets_the_rest() -> None:
    stories = [story("a", tr=-1), story("b", tr=-2)]
    had = [
        Reader(1, ("tr",), frozenset({"a"})),
        Reader(2, ("tr",), frozenset({"a", "b"})),
        Reader(3, ("de",)),
    ]
    made = issue(stories, *had)
    assert told(made, 1) == ["b.tr"]
    assert made.skipped == {2: SkipReason.HAD_ALL, 3: SkipReason.NO_LANGUAGE}


def test_a_language_nobody_reads_has_its_edition_and_one_without_stories_none() -> None:
    made = issue([story("a", ru=-1)], Reader(1, ("en",)))
    assert [(e.language, e.is_main) for e in made.editions] == [("ru", True)]
    assert made.skipped == {1: SkipReason.NOTHING_NEW}
    assert made.assigned == {}


def test_a_reader_s_language_is_found_by_its_nearest() -> None:
    made = issue([story("a", en=-1)], Reader(1, ("pt-BR", "en-GB")))
    assert told(made, 1) == ["a.en"]


def test_the_first_issue_takes_the_newest() -> None:
    stories = [story(f"s{n:02}", tr=-n) for n in range(1, 40)]
    made = issue(stories, Reader(1, ("tr",)), since=None, maximum_stories=3)
    assert told(made, 1) == ["s01.tr", "s02.tr", "s03.tr"]
    verdicts = Counter(choice.verdict for choice in made.choices["tr"])
    assert verdicts == {Verdict.IN: 3, Verdict.BEFORE_FIRST: 36}


def test_what_is_too_much_for_a_mail_is_told_on_the_web() -> None:
    made = issue([story(f"s{n}", tr=-n) for n in range(1, 6)], Reader(1, ("tr",)), maximum_stories=3)
    assert [item.placement for item in made.editions[0].items] == [
        Placement.LEAD,
        *[Placement.ITEM] * 2,
        *[Placement.WEB] * 2,
    ]


def test_every_story_looked_at_has_its_reason_in_every_language() -> None:
    stories = [story("a", tr=-1), story("b", en=-1), story("old", tr=-99)]
    made = issue(stories, Reader(1, ("tr", "en")))
    assert set(made.choices) == set(LANGUAGES)
    assert all({c.story for c in chosen} == {"a", "b", "old"} for chosen in made.choices.values())


# -- the quiet period


def settled(available: float, changed: float, **values: float) -> float:
    """When an article counts, in hours after the start; ``values`` are settle and settle_at_most in hours."""
    article = replace(version("s", "tr", available), changed=START + changed * HOUR)
    wanted = newsletter(**{key: hours * HOUR for key, hours in values.items()})
    return (counts_at(article, wanted) - START) / HOUR


def test_an_article_counts_once_it_is_left_alone_and_not_before_it_is_out() -> None:
    assert settled(0, 0) == settled(0, 5) == 0, "without a quiet period changes mean nothing"
    assert settled(0, 0, settle=1) == 1
    assert settled(0, 0.5, settle=1) == 1.5
    assert settled(0, 2.9, settle=1) == 3, "at the latest three hours after it was out"
    assert settled(0, 90, settle=1) == 3
    assert settled(5, 1, settle=1) == 6, "written long before it is out"
    assert settled(0, 0, settle=4, settle_at_most=0) == 0


def test_what_may_still_be_changed_waits_and_says_until_when() -> None:
    wanted = newsletter(settle=HOUR, wait_for_translation=6 * HOUR)
    fresh = decide(story("s", tr=-0.5), wanted, ("tr",), None, START)
    assert (fresh.verdict, fresh.detail) == (Verdict.NOT_SETTLED, "until 2026-06-01 08:30 UTC")
    assert decide(story("s", tr=-1), wanted, ("tr",), None, START).verdict is Verdict.IN
    assert decide(story("s", en=-0.5), wanted, ("tr", "en"), None, START).verdict is Verdict.NOT_SETTLED
    assert decide(story("s", en=-2), wanted, ("tr", "en"), None, START).verdict is Verdict.WAITING
    # Out before the wait was over: what may still be changed is not overtaken by what is foreign.
    assert (
        decide(story("s", en=-8, tr=-0.5), wanted, ("tr", "en"), START - HOUR, START).verdict
        is Verdict.TOO_OLD
    )
    late = decide(story("s", en=-6.5, tr=-0.2), wanted, ("tr", "en"), None, START)
    assert late.verdict is Verdict.NOT_SETTLED


def test_a_correction_does_not_bring_a_story_back() -> None:
    corrected = Story("s", (replace(version("s", "tr", -5), changed=START - HOUR),))
    wanted: dict[str, Any] = {"settle": HOUR, "settle_at_most": 9 * HOUR}
    assert told(issue([corrected], Reader(1, ("tr",)), since=-2, **wanted), 1) == ["s.tr"]
    start = {("", "tr"): START - 2 * HOUR}
    made = plan(
        newsletter(**wanted), [corrected], [Reader(1, ("tr",))], start, START, told={("", "tr"): {"s"}}
    )
    assert made.editions == ()
    assert made.choices["tr"][0].detail == "told in an earlier issue"


# -- cadences

WEEKLY = {"cadences": ("weekly",)}


def test_only_readers_whose_cadence_is_due_are_in_an_issue() -> None:
    stories = [story("a", tr=-1), story("b", tr=-100)]
    readers = [Reader(1, ("tr",)), Reader(2, ("tr",), cadence="weekly"), Reader(3, ("tr",), cadence="yearly")]
    since = {("", "tr"): START - 24 * HOUR, ("weekly", "tr"): START - 168 * HOUR}
    wanted = newsletter(**WEEKLY)
    daily = plan(wanted, stories, readers, since, START)
    assert (told(daily, 1), told(daily, 3)) == (["a.tr"], ["a.tr"])
    assert 2 not in daily.assigned
    assert 2 not in daily.skipped
    both = plan(wanted, stories, readers, since, START, ("", "weekly"))
    assert (told(both, 1), told(both, 2)) == (["a.tr"], ["a.tr", "b.tr"])
    assert [(e.cadence, e.is_main) for e in both.editions] == [("", True), ("weekly", True)]
    assert set(both.choices) == {"tr", "en", "ru", "tr weekly", "en weekly", "ru weekly"}
    rare = plan(wanted, stories, readers, since, START, ("weekly",))
    assert set(rare.assigned) == {2}


def test_two_cadences_that_tell_the_same_have_an_edition_each() -> None:
    stories = [story("a", tr=-1)]
    since = {("", "tr"): START - 24 * HOUR, ("weekly", "tr"): START - 24 * HOUR}
    made = plan(newsletter(**WEEKLY), stories, [], since, START, ("", "weekly"))
    assert len({e.selection for e in made.editions}) == len(made.editions) == 2


def test_who_comes_from_a_rarer_cadence_misses_nothing_since_their_last_issue() -> None:
    stories = [story(name, tr=-hours) for name, hours in (("a", 1), ("b", 30), ("c", 60), ("d", 90))]
    readers = [
        Reader(1, ("tr",)),
        Reader(2, ("tr",), since=START - 70 * HOUR),
        Reader(3, ("tr",), frozenset({"b"}), since=START - 70 * HOUR),
        Reader(4, ("tr",), since=START - HOUR / 2),
    ]
    made = issue(stories, *readers, **WEEKLY)
    assert told(made, 1) == told(made, 4) == ["a.tr"]
    assert told(made, 2) == ["a.tr", "b.tr", "c.tr"]
    assert told(made, 3) == ["a.tr", "c.tr"]
    few = issue(stories, *readers, minimum_stories=4, **WEEKLY)
    assert told(few, 2) == ["a.tr", "b.tr", "c.tr"], "it would not come again"
    assert few.skipped[1] is SkipReason.NOTHING_NEW


def test_zones_are_kept_only_where_they_matter() -> None:
    stories = [story("a", tr=-1)]
    readers = [Reader(1, ("tr",), zone="Asia/Tokyo"), Reader(2, ("de",), zone="Asia/Tokyo")]
    assert issue(stories, *readers).zones == {}
    assert issue(stories, *readers, follows_readers=True).zones == {1: "Asia/Tokyo"}


def test_a_look_before_all_readers_are_looked_at() -> None:
    wanted = newsletter(wait_for_translation=6 * HOUR)

    def stirs(*stories: Story, since: float, groups: Any = (), told: Any = MappingProxyType({})) -> bool:
        return has_news(wanted, stories, groups, START + since * HOUR, START, told)

    assert stirs(story("a", tr=-1), since=-2)
    assert not stirs(story("a", tr=-1), since=-1)
    assert not stirs(story("a", tr=-1), since=-2, told={("", "tr"): {"a"}})
    assert not stirs(story("a", en=-7), since=-2)
    assert stirs(story("a", en=-7), since=-2, groups=[("tr", "en")])
    assert not stirs(story("a", en=-7), since=-2, groups=[("de",)])
    assert not stirs(since=-2)


# -- chains of issues -----------------------------------------------------------------------------------------


class Newsroom:
    """Issues one after another, with what the store remembers between them."""

    def __init__(self, *newsletters: Newsletter) -> None:
        self.newsletters = newsletters
        self.since: dict[str, dict[tuple[str, str], datetime]] = {one.key: {} for one in newsletters}
        self.had: dict[int, set[str]] = {}
        self.mails: list[tuple[int, Edition]] = []

    def send(
        self, wanted: Newsletter, stories: list[Story], people: dict[int, tuple[str, ...]], at: int
    ) -> Plan:
        cutoff = START + at * HOUR
        readers = [Reader(one, reads, frozenset(self.had.get(one, ()))) for one, reads in people.items()]
        made = plan(wanted, stories, readers, self.since[wanted.key], cutoff)
        for language in {e.language for e in made.editions if e.is_main}:
            self.since[wanted.key]["", language] = cutoff
        for reader, index in made.assigned.items():
            edition = made.editions[index]
            self.mails.append((reader, edition))
            for item in edition.items:
                assert item.story not in self.had.setdefault(reader, set()), "a story reaches a person once"
                self.had[reader].add(item.story)
        return made


languages = st.sampled_from(LANGUAGES)
stories_over_time = st.lists(
    st.dictionaries(languages, st.integers(1, 200), min_size=1, max_size=3), min_size=1, max_size=12
).map(lambda made: [story(f"s{n}", **hours) for n, hours in enumerate(made)])
reading = st.lists(st.sampled_from([*LANGUAGES, "de"]), min_size=1, max_size=4, unique=True).map(tuple)


@given(
    stories=stories_over_time,
    reads=st.lists(reading, min_size=1, max_size=6),
    cutoffs=st.lists(st.integers(1, 240), max_size=6, unique=True).map(sorted),
    wait=st.integers(0, 30),
    minimum=st.integers(1, 3),
    fallback=st.sampled_from([(), ("en",), ("ru", "en")]),
)
def test_no_story_is_lost_and_none_told_twice(
    stories: list[Story],
    reads: list[tuple[str, ...]],
    cutoffs: list[int],
    wait: int,
    minimum: int,
    fallback: tuple[str, ...],
) -> None:
    """Chained windows: whoever can read a story in a language that has begun gets it, in exactly one issue."""
    wanted = newsletter(wait_for_translation=wait * HOUR, minimum_stories=minimum, fallback=fallback)
    room, people = Newsroom(wanted), dict(enumerate(reads))
    opening = [story(f"opening{n}", **dict.fromkeys(LANGUAGES, 0)) for n in range(3)]
    room.send(wanted, opening, people, 0)
    for at in [*cutoffs, 300]:
        room.send(wanted, [*opening, *stories], people, at)
    for reader, wishes in people.items():
        mine = tuple(x for x in wishes if x in LANGUAGES)
        if not mine:
            assert reader not in room.had
            continue
        accepted = {mine[0], *mine[1:], *fallback}
        owed = {s.id for s in stories if accepted & {a.language for a in s.articles}}
        missing = owed - room.had[reader]
        assert len(missing) < minimum, "only what is too little for a mail may still wait"
        if minimum == 1:
            assert not missing


@given(
    stories=stories_over_time,
    reads=st.lists(reading, min_size=1, max_size=5),
    issues=st.lists(st.tuples(st.integers(1, 80), st.sampled_from([0, 1])), min_size=1, max_size=7),
    withdrawn=st.sets(st.integers(0, 11)),
)
def test_two_newsletters_never_tell_a_person_the_same_story(
    stories: list[Story], reads: list[tuple[str, ...]], issues: list[tuple[int, int]], withdrawn: set[int]
) -> None:
    both = (newsletter(fallback=("en",)), newsletter(key="other", languages=("en", "tr"), maximum_stories=2))
    room, at = Newsroom(*both), 0
    for number, (pause, which) in enumerate(issues):
        at += pause
        known = [
            Story(s.id, tuple(replace(a, state=ArticleState.WITHDRAWN) for a in s.articles))
            if n in withdrawn and number % 2
            else s
            for n, s in enumerate(stories)
        ]
        made = room.send(both[which], known, dict(enumerate(reads)), at)
        for edition in made.editions:
            assert edition.items
            assert [i.placement for i in edition.items].count(Placement.LEAD) == 1
            for item in edition.items:
                assert item.is_fallback == (item.language != edition.language)
                if number % 2:
                    assert int(item.story[1:]) not in withdrawn, "what is withdrawn is not told"


def test_too_few_wait_and_none_of_them_is_lost() -> None:
    wanted = newsletter(minimum_stories=3)
    room, people = Newsroom(wanted), {1: ("tr",)}
    room.send(wanted, [story(f"o{n}", tr=0) for n in range(3)], people, 0)
    stories = [story("a", tr=5), story("b", tr=30), story("c", tr=60)]
    assert room.send(wanted, stories, people, 24).skipped == {1: SkipReason.NOTHING_NEW}
    assert room.send(wanted, stories, people, 48).assigned == {}
    assert told(room.send(wanted, stories, people, 72), 1) == ["c.tr", "b.tr", "a.tr"]


def test_what_others_have_left_goes_out_when_the_window_closes_over_it() -> None:
    """Readers of a second language had the two stories earlier, in that language: their one new story is too few,
    but the language's main edition goes out and its window will not come again."""
    wanted = newsletter(minimum_stories=2)
    room, people = Newsroom(wanted), {1: ("tr",), 2: ("tr", "en")}
    room.send(wanted, [story(f"o{n}", tr=0, en=0) for n in range(2)], people, 0)
    stories = [story("a", en=5, tr=30), story("b", en=6, tr=31), story("c", en=32)]
    assert told(room.send(wanted, stories, people, 24), 2) == ["b.en*", "a.en*"]
    made = room.send(wanted, stories, people, 48)
    assert told(made, 1) == ["b.tr", "a.tr"]
    assert told(made, 2) == ["c.en*"]


@given(
    hours=st.lists(st.integers(1, 20 * 24), min_size=1, max_size=12),
    changes=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 2)), max_size=8),
)
def test_who_changes_their_cadence_is_told_everything_once(
    hours: list[int], changes: list[tuple[int, int]]
) -> None:
    """Four weeks of days, every fourth of them "weekly", too; three readers who change their minds.

    What the store remembers is kept here as it keeps it: the last issue each was in, and the last of each cadence.
    """
    wanted = newsletter(cadences=("weekly",))
    stories = [story(f"s{n}", tr=at) for n, at in enumerate(hours)]
    cadence = {0: "", 1: "weekly", 2: ""}
    had: dict[int, set[str]] = {reader: set() for reader in cadence}
    was_in: dict[int, datetime] = {}
    last: dict[str, datetime] = {}
    for day in range(25):
        cutoff = START + day * 24 * HOUR
        for when, reader in changes:
            if when == day:
                cadence[reader] = "" if cadence[reader] else "weekly"
        due = ("", "weekly") if day % 4 == 0 else ("",)
        begin = min(last.values(), default=cutoff)
        readers = [
            Reader(
                one, ("tr",), frozenset(had[one]), of,
                was_in[one] if of in last and was_in[one] != last[of] and was_in[one] >= begin else None,
            )
            for one, of in cadence.items()
        ]  # fmt: skip
        since = {(of, "tr"): last[of] for of in due if of in last}
        # Main editions of windows that had nothing are made here, too: it is windows that this is about.
        filler = story(f"filler{day}", tr=day * 24 - 0.5)
        made = plan(wanted, [filler, *stories], readers, since, cutoff, due)
        for one, index in made.assigned.items():
            new = {item.story for item in made.editions[index].items}
            assert not new & had[one]
            had[one] |= new
        was_in |= dict.fromkeys([*made.assigned, *made.skipped], cutoff)
        last |= dict.fromkeys(due, cutoff)
    told = {one: {s for s in stories_had if s.startswith("s")} for one, stories_had in had.items()}
    everything = {one.id for one in stories}
    assert all(mine == everything for mine in told.values())
