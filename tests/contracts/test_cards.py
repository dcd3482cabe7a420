"""Cards and forecasts: how staff find stories, and what the clock worked out for them."""

from datetime import timedelta

from sqlalchemy import delete
from tests.contracts.samples import DIGEST, HOUR, NOW, add_issue, article, edition, save

from syndicate.model import ArticleState, Credit, IssueState, Problem, Tag
from syndicate.store import Database, articles, cards, forecasts, issues, sources, told
from syndicate.store.cards import Wanted
from syndicate.store.forecasts import Kept
from syndicate.store.tables import card

DAY = timedelta(days=1)


def hold(database: Database) -> None:
    """Three stories, "a3" the newest."""
    save(
        database,
        article("a1", title="Özgürlük limanı", language="tr", available=NOW - 3 * HOUR, story="one"),
        article(
            "a2",
            title="100% harbour",
            available=NOW - 2 * HOUR,
            story="two",
            authors=(Credit("eda", "Eda Şen"),),
        ),
        article("a4", title="Порт", language="ru", available=NOW - 4 * HOUR, story="two"),
        article("a3", title="Rain_fall", available=NOW - HOUR, story="three", tags=(Tag("su", "Su"),)),
    )
    with database.begin() as connection:
        cards.refresh(connection, ["one", "two", "three"])


def found(database: Database, wanted: Wanted, limit: int = 9, **values: object) -> list[str]:
    with database.read() as connection:
        return [one.story for one in cards.page(connection, wanted, limit, **values)]  # type: ignore[arg-type]


def test_stories_come_newest_first_and_page_by_page_each_once(database: Database) -> None:
    hold(database)
    assert found(database, Wanted()) == ["three", "two", "one"]
    with database.read() as connection:
        (first, second) = cards.page(connection, Wanted(), 2)
    assert found(database, Wanted(), before=(second.latest, second.story)) == ["one"]
    assert found(database, Wanted(), before=(first.latest, first.story)) == ["two", "one"]
    assert second.latest == NOW - 2 * HOUR


def test_they_are_found_by_words_in_any_language_and_nothing_in_them_is_a_pattern(database: Database) -> None:
    hold(database)
    assert found(database, Wanted("OZGURLUK liman")) == ["one"]
    assert found(database, Wanted("порт")) == found(database, Wanted("eda SEN")) == ["two"]
    assert found(database, Wanted("su")) == ["three"]
    assert found(database, Wanted("%")) == ["two"]
    assert found(database, Wanted("rain_")) == ["three"]
    assert found(database, Wanted("harbour rain")) == []


def test_what_lacks_a_language_changes_with_its_versions(database: Database) -> None:
    hold(database)
    assert found(database, Wanted(without="en")) == ["one"]
    with database.begin() as connection:
        articles.withdraw(connection, ["tag:example.org,2026:a3"], NOW)
        cards.refresh(connection, cards.stories_of(connection, ["tag:example.org,2026:a3"]))
    assert found(database, Wanted(without="en")) == ["three", "one"]


def test_what_no_issue_tells_is_not_sent(database: Database) -> None:
    hold(database)
    save(database, article("b9", story="story-b", available=NOW))
    with database.begin() as connection:
        cards.refresh(connection, ["story-b"])
        issue = add_issue(connection)
        issues.add_edition(connection, issue, edition("b"), DIGEST)
    assert found(database, Wanted(unsent=True)) == ["three", "two", "one"]
    with database.read() as connection:
        (one,) = told.tellings(connection, ["story-b", "two"])
    assert (one.story, one.issue, one.state) == ("story-b", issue, IssueState.APPROVED)
    with database.begin() as connection:
        issues.move(connection, issue, IssueState.CANCELLED, IssueState.APPROVED)
    assert found(database, Wanted(unsent=True)) == ["story-b", "three", "two", "one"]


def test_a_database_from_before_cards_gets_them_all(database: Database) -> None:
    hold(database)
    with database.begin() as connection:
        before = connection.execute(card.select().order_by(card.c.story)).all()
        connection.execute(delete(card))
        cards.restore(connection)
        assert connection.execute(card.select().order_by(card.c.story)).all() == before
        assert len(before) == 3


def test_open_issues_are_those_not_done(database: Database) -> None:
    with database.begin() as connection:
        states = [
            IssueState.SENT,
            IssueState.PLANNED,
            IssueState.PAUSED,
            IssueState.EMPTY,
            IssueState.SENDING,
        ]
        made = [add_issue(connection, slot=NOW + n * DAY, state=state) for n, state in enumerate(states)]
    with database.read() as connection:
        assert [one.id for one in told.open_issues(connection)] == [made[1], made[2], made[4]]
        assert [one.id for one in told.last_gone(connection, "weekly", 2)] == [made[4], made[2]]
        assert told.after(connection, "weekly", NOW + DAY, 2) == made[1:3]


def test_a_forecast_is_kept_and_replaced(database: Database) -> None:
    first = Kept(NOW, NOW, [["tr en", "", 3]], {"stories": {"tr": 1}})
    second = Kept(NOW + HOUR, NOW, [], {"stories": {}})
    with database.begin() as connection:
        assert forecasts.get(connection, "weekly") is None
        for one in (first, second):
            forecasts.write(connection, "weekly", one)
            assert forecasts.get(connection, "weekly") == one


def test_problems_are_counted_and_a_source_that_failed_is_told_from_what_it_left_out(
    database: Database,
) -> None:
    broken = Problem("source folder", "it is away", "look")
    with database.begin() as connection:
        sources.set_problems(connection, "folder", "", [broken, Problem("a.md", "no title")], NOW)
        sources.set_problems(
            connection, "folder", "b.md", [Problem("b.md:3", "odd", fatal=False)], NOW + HOUR
        )
        sources.set_problems(
            connection, "feed", "c", [Problem("c", "odd", fatal=False)], NOW - timedelta(days=1)
        )
    with database.read() as connection:
        assert sources.counted(connection) == {
            "folder": (2, 1, NOW + HOUR),
            "feed": (0, 1, NOW - timedelta(days=1)),
        }
        assert [one.problem for one in sources.failed(connection)] == [broken]
        assert [one.item for one in sources.noted(connection, "folder", 9)] == ["", "", "b.md"]
        assert [one.item for one in sources.noted(connection, "folder", 9, ["b.md"])] == ["b.md"]
    with database.begin() as connection:
        sources.remember(connection, "folder", ":complete", "then")
        assert sources.last_read(connection, ["folder", "feed"], ":complete") == {"folder": "then"}


def test_bodies_are_left_where_they_are(database: Database) -> None:
    save(database, article("a1", story="one", state=ArticleState.DRAFT, body_html="<p>Long</p>"))
    with database.read() as connection:
        (story,) = articles.light(connection, ["one", "none"]).values()
        assert [(one.title, one.body_html) for one in story.articles] == [("Title of a1", "")]
        assert articles.items_of(connection, "one") == {"folder": {"a1.md"}}
        assert articles.per_source(connection) == {"folder": 1}
