"""Which article a manuscript is, and which story it belongs to: made once, kept for ever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.model import ArticleState, Credit, HeldArticle, Manuscript, Tag
from syndicate.stories.identity import SEEN, Ledger, Placed, content_hash

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def manuscript(key: str, **values: Any) -> Manuscript:
    group, _, language = key.removesuffix(".md").partition(".")
    given_in: dict[str, Any] = {
        "source": "folder",
        "key": key,
        "group": group,
        "language": language or "en",
        "title": f"Title of {key}",
        "url": f"https://example.org/{key}",
        "published": NOW - 24 * HOUR,
        "body_html": f"<p>Body of {key}</p>",
    }
    return Manuscript(**(given_in | values))


class House:
    """A source and its ledger over several ingests, as the flow runs them."""

    def __init__(self) -> None:
        self.held: dict[str, HeldArticle] = {}
        self.now = NOW
        self.is_first = True

    def ingest(self, *found: Manuscript, gone: tuple[str, ...] = ()) -> dict[str, Placed]:
        sequence = max((one.sequence for one in self.held.values()), default=0) + 1
        baseline = None if self.is_first else self.now
        ledger = Ledger("example.org,2026", self.held.values(), sequence, baseline, self.now)
        for key in gone:
            ledger.release(key)
        placed = {one.key: ledger.place(one, one.key) for one in found}
        for one in placed.values():
            if one.has_changed:
                self._keep(one)
        for key in gone:
            for one in ledger.held_by(key):
                self.held[one.id] = replace(one, state=ArticleState.WITHDRAWN, changed=self.now)
        self.is_first = False
        self.now += HOUR
        assert len({one.key for one in self.held.values()}) == len(self.held), "a key names one article"
        return placed

    def _keep(self, one: Placed) -> None:
        a = one.article
        self.held[a.id] = HeldArticle(
            a.id, a.story, a.language, a.sequence, a.key, one.item, a.group, a.permanent_id, one.likeness,
            a.state, a.published, a.available, a.changed, a.content_hash,
        )  # fmt: skip


def test_versions_of_a_group_are_one_story() -> None:
    placed = House().ingest(manuscript("a.en.md"), manuscript("a.tr.md"), manuscript("b.en.md"))
    stories = {key: one.article.story for key, one in placed.items()}
    assert stories["a.en.md"] == stories["a.tr.md"] != stories["b.en.md"]
    assert len({one.article.id for one in placed.values()}) == 3
    assert all(one.article.id.startswith("tag:example.org,2026:") for one in placed.values())
    assert [one.article.sequence for one in placed.values()] == [1, 2, 3]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"url": "https://elsewhere.example/x"},
        {"language": "az"},
        {"body_html": "<p>New</p>"},
    ],
    ids=["title", "address", "language", "body"],
)
def test_an_identity_survives_what_the_newsroom_changes(change: dict[str, str]) -> None:
    house = House()
    before = house.ingest(manuscript("a.en.md"))["a.en.md"].article
    after = house.ingest(manuscript("a.en.md", **change))["a.en.md"]
    assert (after.article.id, after.article.story, after.article.sequence) == (before.id, before.story, 1)
    assert after.has_changed
    assert not after.is_new
    assert after.article.changed == NOW + HOUR


def test_nothing_new_is_no_change() -> None:
    house = House()
    house.ingest(manuscript("a.en.md"))
    assert not house.ingest(manuscript("a.en.md"))["a.en.md"].has_changed


def test_a_whole_story_renamed_keeps_its_identities_and_its_story() -> None:
    house = House()
    old = house.ingest(manuscript("a.en.md"), manuscript("a.tr.md"))
    renamed = [replace(manuscript(f"a.{x}.md"), key=f"b.{x}.md", group="b") for x in ("tr", "en")]
    new = house.ingest(*renamed, gone=("a.en.md", "a.tr.md"))
    for language in ("en", "tr"):
        before, after = old[f"a.{language}.md"].article, new[f"b.{language}.md"].article
        assert (after.id, after.story, after.sequence) == (before.id, before.story, before.sequence)
        assert after.changed == before.changed, "a reader sees no difference"
    assert all(one.state is ArticleState.PUBLISHED for one in house.held.values())


def test_a_permanent_id_finds_a_file_renamed_and_rewritten() -> None:
    house = House()
    old = house.ingest(manuscript("a.en.md", permanent_id="x1"))["a.en.md"].article
    new = house.ingest(manuscript("b.en.md", permanent_id="x1"), gone=("a.en.md",))["b.en.md"].article
    assert (new.id, new.story) == (old.id, old.story)


def test_a_file_moved_over_two_ingests_is_found_again() -> None:
    house = House()
    old = house.ingest(manuscript("a.en.md"))["a.en.md"].article
    house.ingest(gone=("a.en.md",))
    assert house.held[old.id].state is ArticleState.WITHDRAWN
    back = house.ingest(replace(manuscript("a.en.md"), key="b.en.md", group="b"))["b.en.md"]
    assert (back.article.id, back.article.state, back.has_changed) == (old.id, ArticleState.PUBLISHED, True)


def test_a_file_that_comes_back_unchanged_is_published_again() -> None:
    house = House()
    old = house.ingest(manuscript("a.en.md"))["a.en.md"].article
    house.ingest(gone=("a.en.md",))
    back = house.ingest(manuscript("a.en.md"))["a.en.md"]
    assert (back.article.id, back.article.available) == (old.id, old.available)
    assert back.has_changed, "it was withdrawn: the store must hear that it is out again"
    assert house.held[old.id].state is ArticleState.PUBLISHED
    assert back.article.changed > old.changed


def test_a_new_file_under_a_name_that_was_given_up_is_another_article() -> None:
    house = House()
    old = house.ingest(manuscript("a.en.md"))["a.en.md"].article
    house.ingest(replace(manuscript("a.en.md"), key="b.en.md", group="b"), gone=("a.en.md",))
    new = house.ingest(manuscript("a.en.md", title="Quite another", body_html="<p>x</p>"))["a.en.md"].article
    assert new.id != old.id
    assert new.story != old.story
    assert len(house.held) == 2


def test_twins_that_are_renamed_together_do_not_take_each_others_place() -> None:
    """The same title and body in two languages: each finds itself by its language."""
    same = {"title": "2026", "body_html": "<p>…</p>"}
    house = House()
    old = house.ingest(manuscript("a.en.md", **same), manuscript("a.tr.md", **same))
    new = house.ingest(
        manuscript("b.tr.md", **same), manuscript("b.en.md", **same), gone=("a.en.md", "a.tr.md")
    )
    for language in ("en", "tr"):
        assert new[f"b.{language}.md"].article.id == old[f"a.{language}.md"].article.id


def test_two_articles_of_one_language_in_one_story_are_said_and_kept_apart() -> None:
    house = House()
    twice = manuscript("a.en.markdown", group="a", language="en", title="Again")
    for _ in range(2):
        placed = house.ingest(manuscript("a.en.md"), twice)
        (problem,) = placed["a.en.markdown"].problems
        assert "a.en.md" in problem.reason
        assert not problem.fatal
        assert placed["a.en.markdown"].article.story != placed["a.en.md"].article.story
        assert placed["a.en.md"].problems == ()
    assert not house.ingest(manuscript("a.en.md"), twice)["a.en.markdown"].has_changed


@pytest.mark.parametrize("earlier", [True, False])
def test_who_is_gone_holds_no_place(earlier: bool) -> None:
    """A file made anew in another format, with another text, is the story's version of its language."""
    house = House()
    old = house.ingest(manuscript("a.en.md"), manuscript("a.tr.md"))
    gone: tuple[str, ...] = ("a.en.md",)
    if earlier:
        house.ingest(gone=gone)
        gone = ()
    new = house.ingest(manuscript("a.en.html", group="a", language="en", title="Rewritten"), gone=gone)[
        "a.en.html"
    ]
    assert new.problems == ()
    assert new.article.story == old["a.tr.md"].article.story


def test_a_group_given_later_joins_the_story() -> None:
    house = House()
    old = house.ingest(manuscript("a.en.md"), manuscript("x.tr.md"))
    joined = house.ingest(manuscript("x.tr.md", group="a"))["x.tr.md"]
    assert joined.article.story == old["a.en.md"].article.story
    assert joined.has_changed, "the store must hear of it, though no reader sees a difference"
    parted = house.ingest(manuscript("x.tr.md", group="c"))["x.tr.md"]
    assert parted.article.story not in {old["a.en.md"].article.story}


def test_what_comes_backdated_is_available_from_its_arrival() -> None:
    house = House()
    first = house.ingest(manuscript("a.en.md"))["a.en.md"].article
    assert first.available == first.published == NOW - 24 * HOUR
    late = house.ingest(manuscript("a.tr.md"))["a.tr.md"].article
    assert (late.published, late.available) == (NOW - 24 * HOUR, NOW + HOUR)
    planned = house.ingest(manuscript("b.en.md", published=NOW + 99 * HOUR))["b.en.md"].article
    assert planned.available == NOW + 99 * HOUR


def test_what_is_not_out_follows_its_date_but_never_into_a_closed_window() -> None:
    house = House()
    house.ingest(manuscript("a.en.md", published=NOW + 50 * HOUR))
    later = house.ingest(manuscript("a.en.md", published=NOW + 60 * HOUR))["a.en.md"].article
    assert later.available == NOW + 60 * HOUR
    sooner = house.ingest(manuscript("a.en.md", published=NOW - 60 * HOUR))["a.en.md"].article
    assert sooner.available == NOW + 2 * HOUR


def test_a_draft_that_comes_out_is_available_from_then() -> None:
    house = House()
    house.ingest(manuscript("a.en.md", state=ArticleState.DRAFT))
    out = house.ingest(manuscript("a.en.md"))["a.en.md"].article
    assert out.available == NOW + HOUR
    assert house.ingest(manuscript("a.en.md", title="Mended"))["a.en.md"].article.available == NOW + HOUR


def test_the_date_of_a_change_is_the_source_s_if_it_is_believable() -> None:
    house = House()
    first = house.ingest(manuscript("a.en.md", updated=datetime(2099, 1, 1, tzinfo=UTC)))["a.en.md"].article
    assert first.changed == NOW, "nothing changes tomorrow"
    told = house.ingest(manuscript("a.en.md", title="2", updated=NOW + HOUR / 2))["a.en.md"].article
    assert told.changed == NOW + HOUR / 2
    stale = house.ingest(manuscript("a.en.md", title="3", updated=NOW - 9 * HOUR))["a.en.md"].article
    assert stale.changed == NOW + 2 * HOUR


CHANGES: dict[str, Any] = {
    "language": "tr",
    "title": "Other",
    "summary": "s",
    "url": "https://x.example/",
    "body_html": "<p>x</p>",
    "tags": (Tag("t", "T"),),
    "authors": (Credit("a", "A"),),
    "translators": (Credit("a", "A"),),
    "series": "s",
    "state": ArticleState.WITHDRAWN,
    "state_note": "corrected",
    "published": NOW,
}


def test_the_content_s_hash_moves_with_what_a_reader_sees_and_with_nothing_else() -> None:
    plain = manuscript("a.en.md")
    assert set(CHANGES) | {"footnotes", "images"} == set(SEEN)
    hashes = [content_hash(replace(plain, **{name: value})) for name, value in CHANGES.items()]
    assert len({content_hash(plain), *hashes}) == len(CHANGES) + 1
    unseen = {
        "source": "x",
        "key": "y",
        "group": "z",
        "permanent_id": "p",
        "updated": NOW,
        "also_in": ("tr",),
    }
    assert content_hash(replace(plain, **unseen)) == content_hash(plain)
    same = plain.published.astimezone(ZoneInfo("Asia/Almaty"))
    assert content_hash(replace(plain, published=same)) == content_hash(plain)


@given(
    steps=st.lists(
        st.dictionaries(
            st.sampled_from(["a.en.md", "a.tr.md", "b.en.md", "c.en.md"]),
            st.tuples(
                st.sampled_from("xyz"),
                st.sampled_from(ArticleState),
                st.sampled_from(["", "one", "two"]),
                st.integers(-50, 50),
            ),
            max_size=4,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_happens_identities_hold(steps: list[dict[str, tuple[str, ArticleState, str, int]]]) -> None:
    """Files appear, change, vanish and come back: no two share an id, numbers and dates never go back."""
    house, files = House(), dict[str, tuple[str, ArticleState, str, int]]()
    for step in steps:
        before = dict(house.held)
        found = [
            manuscript(key, title=text, body_html=text, state=state, group=group or key[0],
                       published=NOW + hours * HOUR)
            for key, (text, state, group, hours) in step.items()
        ]  # fmt: skip
        now = house.now
        placed = house.ingest(*found, gone=tuple(files.keys() - step.keys()))
        files = step
        assert len({one.article.id for one in placed.values()}) == len(placed)
        sequences = [one.sequence for one in house.held.values()]
        assert len(set(sequences)) == len(sequences)
        for one in placed.values():
            was = before.get(one.article.id)
            assert one.article.changed >= one.article.published
            if was and was.available <= now:
                assert one.article.sequence == was.sequence
                assert one.article.changed >= min(was.changed, now), "what was seen never gets older"
                assert one.article.available >= was.available
            elif was:
                assert one.article.available >= now
        published = [one for one in house.held.values() if one.state is ArticleState.PUBLISHED]
        assert len({(one.story, one.language) for one in published}) == len(published)
