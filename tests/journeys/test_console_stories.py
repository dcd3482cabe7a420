"""Today, stories and sources in the console: what staff see, and that looking changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journeys.browser import chromium, needs_axe, needs_chromium, too_wide, violations
from tests.journeys.console_server import Desk, console

from syndicate.flows import forecast
from syndicate.flows.shelf import shelf
from syndicate.flows.upcoming import upcoming
from syndicate.model import Problem, Role
from syndicate.store import sources
from syndicate.store.cards import Wanted


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with console(tmp_path_factory.mktemp("stories")) as opened:
        yield opened


def first_story(desk: Desk, words: str) -> str:
    return shelf(desk.house, Wanted(words), "en", desk.clock.now).stories[0].id


def dump(desk: Desk) -> bytes:
    root: Path = desk.house.tree.root.parent
    return b"".join(path.read_bytes() for path in sorted(root.glob("*.db")))


def test_today_tells_what_waits_and_links_to_where_it_is_solved(desk: Desk) -> None:
    page = desk.client(Role.VIEWER).get("/staff/")
    assert page.status == 200
    assert "waits to be approved" in page.text
    assert "syndicate clock" in page.text
    assert "/send" in page.text
    assert "is missing in: Turkish and Arabic" in page.text
    assert "Weekly" in page.text


def test_stories_are_found_in_any_language_without_accents(desk: Desk) -> None:
    client = desk.client(Role.VIEWER)
    assert "The harbour at night" in client.get("/staff/stories/?words=LIMAN").text
    assert "Nothing" not in client.get("/staff/stories/?words=kopru").text
    missing = client.get("/staff/stories/?without=ar").text
    assert "After the rain" in missing
    assert "The harbour at night" not in missing
    assert "No story matches." in client.get("/staff/stories/?words=%25%25").text
    assert client.get("/staff/stories/?before=nonsense&without=xx").status == 200


def test_one_story_shows_its_versions_and_why_it_is_where_it_is(desk: Desk) -> None:
    client = desk.client(Role.VIEWER)
    story = first_story(desk, "harbour")
    page = client.get(f"/staff/stories/{story}/").text
    for words in ("Geceleyin liman", "الميناء ليلا", "Weekly", "before this issue’s time", "2026-05-04"):
        assert words in page
    assert client.get("/staff/stories/none/").status == 404


def test_a_source_shows_when_it_was_read_and_what_is_wrong(desk: Desk) -> None:
    wrong = Problem("odd<b>.md:3", "no title & no date", "write one")
    with desk.house.database.begin() as connection:
        sources.set_problems(connection, "articles", "odd", [wrong], desk.clock.now)
    page = desk.client(Role.VIEWER).get("/staff/sources/").text
    assert "odd&lt;b&gt;.md:3" in page
    assert "no title &amp; no date" in page
    assert "12 articles" in page
    assert "was left out" in desk.client(Role.VIEWER).get("/staff/").text
    with desk.house.database.begin() as connection:
        sources.set_problems(connection, "articles", "odd", [], desk.clock.now)


def test_looking_changes_nothing(desk: Desk) -> None:
    client = desk.client(Role.ADMIN)
    paths = ("/staff/", "/staff/stories/", "/staff/sources/")
    for path in paths:
        client.get(path)
    before = dump(desk)
    for path in paths:
        assert client.get(path).status == 200
    assert dump(desk) == before


def test_the_forecast_agrees_with_what_is_decided_over_every_reader(desk: Desk) -> None:
    now = desk.clock.now
    for newsletter in desk.house.newsletters.values():
        exact = upcoming(desk.house, newsletter, now)
        found = forecast.forecast(desk.house, newsletter, now)
        assert found is not None
        assert found.stories == exact.stories
        assert {one.story for one in found.gaps} == {one.story for one in exact.missing}
        assert all(number <= found.people.get(label, 0) for label, number in exact.readers.items())
    assert forecast.refresh(desk.house, now) == len(desk.house.newsletters)
    assert forecast.refresh(desk.house, now) == 0


@needs_chromium
@needs_axe
def test_the_pages_are_accessible_narrow_and_from_right_to_left(desk: Desk) -> None:
    story = first_story(desk, "harbour")
    with chromium() as browser:
        page = desk.page(browser, Role.ADMIN, "ar", 360)
        one = f"/staff/stories/{story}/"
        for path in (
            "/staff/",
            "/staff/stories/",
            one,
            f"{one}withdraw?only=en",
            f"{one}correct",
            "/staff/sources/",
        ):
            page.goto(desk.url + path)
            assert (path, violations(page), too_wide(page)) == (path, [], False)
