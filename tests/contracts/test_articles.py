"""Articles, stories, authors, sources, pages: what goes in comes out, on every store."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from tests.contracts.samples import HOUR, NOW, article, save

from syndicate.model import (
    Article,
    ArticleState,
    Author,
    Bio,
    Credit,
    Footnote,
    Image,
    Link,
    Problem,
    Tag,
)
from syndicate.store import Database, articles, authors, pages, sources, tables
from syndicate.store.pages import PublicFile

# Any text a source may hand in: no control characters, no halves of characters (model/__init__).
words = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
credits = st.lists(st.builds(Credit, words, words), max_size=3).map(tuple)
pictures = st.builds(
    Image, words, words, words, st.none() | st.integers(0, 9999), st.none() | st.integers(0, 9999)
)
manuscripts = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["folder", "cms"]),
        "group": words,
        "permanent_id": words,
        "language": st.sampled_from(["tr", "en", "zh-TW", "az-Cyrl"]),
        "title": words,
        "url": words,
        "published": moments,
        "available": moments,
        "changed": moments,
        "updated": st.none() | moments,
        "body_html": words,
        "summary": words,
        "footnotes": st.lists(
            st.builds(Footnote, st.integers(1, 99), words, st.integers(1, 9)), max_size=2
        ).map(tuple),
        "images": st.lists(pictures, max_size=2).map(tuple),
        "tags": st.lists(st.builds(Tag, words, words), max_size=3).map(tuple),
        "authors": credits,
        "translators": credits,
        "series": words,
        "state": st.sampled_from(ArticleState),
        "state_note": words,
        "links": st.lists(words, max_size=3).map(tuple),
    }
)


@settings(max_examples=40)
@given(values=st.lists(manuscripts, min_size=1, max_size=3))
def test_an_article_comes_back_as_it_was(database: Database, values: list[dict[str, object]]) -> None:
    given_in = [
        article(f"a{n}", **{**one, "group": f"g{one['group']}"}) for n, one in enumerate(values, start=1)
    ]
    with database.begin() as connection:
        connection.execute(delete(tables.article))
    save(database, *given_in)
    with database.read() as connection:
        assert articles.by_id(connection, [one.id for one in given_in]) == {one.id: one for one in given_in}
        out = [one for one in given_in if one.state is not ArticleState.DRAFT]
        listed = articles.listed(connection)
        assert [one.id for one in listed] == [one.id for one in out]
        assert [one.people for one in listed] == [
            tuple(c.key for c in (*one.authors, *one.translators)) for one in out
        ]
        held = {one.id: one for source in ("folder", "cms") for one in articles.held(connection, source)}
        assert {(h.key, h.group, h.available, h.state) for h in held.values()} == {
            (one.key, one.group, one.available, one.state) for one in given_in
        }


def test_a_moment_of_any_zone_is_kept_and_one_of_none_refused(database: Database) -> None:
    summer = timezone(timedelta(hours=3))
    save(database, article("a", published=datetime(2026, 6, 1, 11, 0, tzinfo=summer)))
    with database.read() as connection:
        kept = articles.by_id(connection, ["tag:example.org,2026:a"])["tag:example.org,2026:a"].published
    assert kept == datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    assert kept.utcoffset() == timedelta(0)
    with pytest.raises(Exception, match="naive"):
        save(database, article("b", published=datetime(2026, 6, 1)))


def test_saving_again_replaces_and_keeps_the_similar_posts(database: Database) -> None:
    first = article("a1")
    save(database, first, article("a2"))
    with database.begin() as connection:
        articles.set_similar(connection, [(first.id, ["tag:x", "tag:y"])])
    save(database, article("a1", title="Another title"))
    with database.read() as connection:
        assert articles.count(connection) == 2
        found = articles.listed_by_id(connection, [first.id])[first.id]
    assert (found.title, found.similar) == ("Another title", ("tag:x", "tag:y"))


def test_numbers_follow_publication_and_only_of_what_came_late(database: Database) -> None:
    ages = {"a1": 0, "a2": 50, "a3": 9, "a4": 30, "a5": 1}
    save(database, *(article(name, published=NOW - n * HOUR) for name, n in ages.items()))
    with database.begin() as connection:
        articles.renumber(connection, 3)
        order = {one.url[-3:-1]: one.sequence for one in articles.listed(connection)}
        assert articles.next_sequence(connection) == 6
    assert order == {"a1": 1, "a2": 2, "a4": 3, "a3": 4, "a5": 5}


def test_many_are_renumbered_in_one_go(database: Database) -> None:
    save(database, *(article(f"a{n}", published=NOW - n * HOUR) for n in range(1, 520)))
    with database.begin() as connection:
        articles.renumber(connection, 1)
        listed = articles.listed(connection)
    assert [one.sequence for one in listed] == list(range(1, 520))
    assert [one.published for one in listed] == sorted(one.published for one in listed)


def test_withdrawing_counts_each_once_and_moves_its_date(database: Database) -> None:
    save(database, article("a1"), article("a2"), article("a3", state=ArticleState.WITHDRAWN))
    ids = [f"tag:example.org,2026:a{n}" for n in (1, 3)]
    with database.begin() as connection:
        assert articles.withdraw(connection, ids, NOW + HOUR) == 1
        assert articles.withdraw(connection, ids, NOW + 2 * HOUR) == 0
        states = {one.id[-2:]: (one.state, one.changed) for one in articles.listed(connection)}
        published = [one.id[-2:] for one in articles.every(connection)]
    assert states["a1"] == (ArticleState.WITHDRAWN, NOW + HOUR)
    assert states["a3"] == (ArticleState.WITHDRAWN, NOW)
    assert published == ["a2"]


def _story(name: str, number: int, language: str, hours: float, **values: object) -> Article:
    return article(
        f"{name}{language}{number}",
        story=name,
        language=language,
        sequence=number,
        available=NOW + hours * HOUR,
        **values,
    )


def test_the_window_is_open_at_its_start_and_closed_at_its_end(database: Database) -> None:
    save(
        database,
        _story("before", 1, "en", 0),
        _story("inside", 2, "en", 1),
        _story("edge", 3, "en", 2),
        _story("after", 4, "en", 2.001),
        _story("late", 5, "en", -900),
        _story("late", 6, "tr", 1.5),
    )
    with database.read() as connection:
        found = {s.id: s for s in articles.stories_since(connection, NOW, NOW + 2 * HOUR)}
        all_of_them = articles.stories_since(connection, None, NOW + 3 * HOUR)
    assert set(found) == {"inside", "edge", "late"}
    assert [a.language for a in found["late"].articles] == ["en", "tr"], "a story comes with all its versions"
    assert {s.id for s in all_of_them} == {"before", "inside", "edge", "after", "late"}


def test_the_newest_are_the_ones_out_last_in_the_languages_asked_for(database: Database) -> None:
    save(
        database,
        _story("old", 1, "en", -9),
        _story("new", 2, "en", -1),
        _story("newer", 3, "tr", -0.5),
        _story("russian", 4, "ru", 0),
        _story("draft", 5, "en", 0, state=ArticleState.DRAFT),
        _story("future", 6, "en", 5),
    )
    with database.read() as connection:
        assert articles.newest(connection, ["en", "tr"], NOW, 2) == ["newer", "new"]
        assert articles.newest(connection, ["en"], NOW, 9) == ["new", "old"]


def test_hints_are_words_not_patterns(database: Database) -> None:
    save(
        database,
        _story("tagged", 1, "en", 0, tags=(Tag("a_b", "A b"),)),
        _story("alike", 2, "en", 0, tags=(Tag("aXb", "A b"),)),
        _story("written", 3, "en", 0, authors=(Credit("ayşe-öz", "Ayşe Öz"),)),
    )
    with database.read() as connection:
        found = articles.newest(connection, ["en"], NOW, 9, hints=["a_b", "ayşe-öz"])
    assert set(found) == {"tagged", "written"}


def test_addresses_lead_to_stories(database: Database) -> None:
    save(database, *(article(f"a{n}") for n in range(1, 520)))
    wanted = [f"https://example.org/a{n}/" for n in range(1, 1200)]
    with database.read() as connection:
        assert len(articles.stories_by_url(connection, wanted)) == 519
        assert articles.stories_by_url(connection, wanted[:1]) == {wanted[0]: "story-a1"}
        assert len(articles.languages(connection, [f"tag:example.org,2026:a{n}" for n in range(700)])) == 519


def test_versions_and_similar_posts_leave_out_what_is_not_published(database: Database) -> None:
    save(
        database,
        _story("s", 1, "en", 0),
        _story("s", 2, "tr", 0, state=ArticleState.WITHDRAWN),
        _story("t", 3, "en", 0),
    )
    with database.read() as connection:
        assert [v.language for v in articles.versions(connection, ["s", "none"])["s"]] == ["en"]
        found = articles.listed_by_id(connection, [one.id for one in articles.listed(connection)])
        posts = articles.similar_posts(found, [*sorted(found), "tag:gone"])
    assert {p.story for p in posts} == {"s", "t"}


def test_an_author_is_merged_and_nothing_said_before_is_lost(database: Database) -> None:
    english = Author(
        "ayse", "Ayşe Öz", (("en", "Ayse Oz"),), "https://e.org/a.jpg", bios=(Bio("en", "<p>One</p>", "One"),)
    )
    turkish = Author(
        "ayse", "Ayşe Öz", (("tr", "Ayşe Öz"),), links=(Link("ORCID", "https://orcid.org/1"),),
        bios=(Bio("tr", "<p>Bir</p>", "Bir"), Bio("en", "<p>Two</p>", "Two")),
    )  # fmt: skip
    with database.begin() as connection:
        authors.save(connection, english)
        authors.save(connection, turkish)
        authors.save(connection, turkish)
        found = authors.every(connection)["ayse"]
    assert [(b.language, b.text) for b in found.bios] == [("en", "Two"), ("tr", "Bir")]
    assert found.photo == "https://e.org/a.jpg"
    assert found.links == (Link("ORCID", "https://orcid.org/1"),)
    assert dict(found.names) == {"en": "Ayse Oz", "tr": "Ayşe Öz"}


def test_what_a_source_holds_is_remembered_and_forgotten(database: Database) -> None:
    with database.begin() as connection:
        sources.remember(connection, "folder", "a.md", "1")
        sources.remember(connection, "folder", "a.md", "2")
        sources.remember(connection, "folder", "b.md", "1")
        sources.remember(connection, "cms", "a.md", "3")
        sources.forget(connection, "folder", "b.md")
        assert sources.known(connection, "folder") == {"a.md": "2"}
        assert sources.known(connection, "cms") == {"a.md": "3"}


def test_problems_are_those_of_now(database: Database) -> None:
    worse, mild = Problem("a.md", "no title"), Problem("a.md:3", "no alt", "write one", fatal=False)
    with database.begin() as connection:
        sources.set_problems(connection, "folder", "a.md", [mild, worse], NOW)
        sources.set_problems(connection, "folder", "", [worse], NOW)
        assert sources.problems(connection) == [("folder", worse), ("folder", worse), ("folder", mild)]
        sources.set_problems(connection, "folder", "a.md", [], NOW)
        assert sources.problems(connection) == [("folder", worse)]


def test_a_page_is_known_with_its_files(database: Database) -> None:
    def file(path: str, page: str = "p") -> PublicFile:
        return PublicFile(path, page, "0" * 64, 10, "text/html", NOW)

    with database.begin() as connection:
        pages.save(connection, "p", "one", [file("a"), file("feeds/en/atom.xml")])
        pages.save(connection, "q", "one", [file("b", "q"), file("feeds/en/archive/1/atom.xml", "q")])
        pages.save(connection, "p", "two", [file("a"), file("feeds/tr/atom.xml")])
        assert pages.fingerprints(connection) == {"p": "two", "q": "one"}
        assert set(pages.files(connection, "p")) == {"a", "feeds/tr/atom.xml"}
        assert pages.files(connection)["b"] == file("b", "q")
        assert pages.count_feeds(connection) == 1
        pages.forget(connection, ["p"])
        assert set(pages.files(connection)) == {"b", "feeds/en/archive/1/atom.xml"}
        assert pages.fingerprints(connection) == {"q": "one"}
