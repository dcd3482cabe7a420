"""Who gets what in an issue: each story once, none lost, few editions, every answer with a reason."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.editions import Plan, Reader, decide, plan
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


@settings(max_examples=150)
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


@settings(max_examples=100)
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
