"""Issues and their preparation in the console: by keyboard alone, without a script, and two editors at once."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from tests.journeys.browser import chromium, needs_axe, needs_chromium, too_wide, violations
from tests.journeys.console_server import Desk, console

from syndicate.flows import prepare
from syndicate.model import Draft, Role
from syndicate.store import issues

INTO = "/staff/issues/{}/prepare"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with console(tmp_path_factory.mktemp("issues")) as there:
        yield there


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as there:
        yield there


def review(desk: Desk) -> int:
    with desk.house.database.read() as connection:
        return issues.every(connection, "review")[0].id


def held(desk: Desk) -> Draft:
    return prepare.draft_of(desk.house, review(desk)).draft


def revision(desk: Desk) -> str:
    return str(prepare.draft_of(desk.house, review(desk)).revision)


def shown(desk: Desk) -> list[str]:
    """Stories as they stand in the issue now."""
    look = prepare.look(desk.house, review(desk))
    return [item.story for item in look.editions[0].items]


def test_the_list_says_what_there_is_and_what_comes(desk: Desk) -> None:
    viewer = desk.client(Role.VIEWER)
    page = viewer.get("/staff/issues/").body.decode()
    assert "The Review" in page
    assert "Weekly" in page
    assert "After the rain and 4 more stories" in page
    assert "Prepare now" not in page, "a viewer does not prepare"
    assert "Prepare now" in desk.client(Role.EDITOR).get("/staff/issues/").body.decode()
    only = viewer.get("/staff/issues/?newsletter=weekly&state=sent").body.decode()
    assert f'href="/staff/issues/{review(desk)}/"' not in only
    assert "No issue matches." in viewer.get("/staff/issues/?newsletter=weekly&state=paused").body.decode()
    assert viewer.get("/staff/issues/?before=nonsense").status == 200
    home = viewer.get(f"/staff/issues/{review(desk)}/").body.decode()
    for page_of_it in ("prepare", "send", "progress"):
        assert f'href="/staff/issues/{review(desk)}/{page_of_it}"' in home
    assert viewer.get("/staff/issues/999/").status == 404


def test_nothing_is_prepared_where_nothing_is_ready(desk: Desk) -> None:
    answer = desk.client(Role.EDITOR).post("/staff/issues/prepare", newsletter="weekly")
    assert answer.status == 409
    assert b"Nothing is ready for the next issue yet." in answer.body
    assert desk.client(Role.VIEWER).post("/staff/issues/prepare", newsletter="weekly").status == 403


def test_without_a_script(desk: Desk) -> None:
    editor, path = desk.client(Role.EDITOR), INTO.format(review(desk))
    first, second, *_ = shown(desk)
    answer = editor.post(path, {"revision": revision(desk), "do": f"out:{first}", "note.en": "A note"})
    assert (answer.status, answer.headers["location"]) == (303, f"{path}?at=in%3A{first}")
    assert held(desk) == Draft(left_out=(first,), notes={"en": "A note"})
    page = editor.get(answer.headers["location"]).body.decode()
    assert f'value="in:{first}" autofocus' in page
    editor.post(path, {"revision": revision(desk), "do": "undo:"})
    assert held(desk) == Draft()
    editor.post(path, {"revision": revision(desk), "do": f"lead:{second}"})
    assert shown(desk)[0] == second
    refused = editor.post(path, {"revision": revision(desk), "note.en": "x" * 4001})
    assert refused.status == 409
    assert b"4,000 characters" in refused.body
    assert desk.client(Role.VIEWER).post(path, {"revision": revision(desk)}).status == 403


def test_two_editors_at_once(desk: Desk) -> None:
    path, before = INTO.format(review(desk)), revision(desk)
    desk.client(Role.SENDER).post(path, {"revision": before, "note.en": "Theirs"})
    answer = desk.client(Role.EDITOR).post(path, {"revision": before, "note.en": "<b>Mine</b>"})
    assert answer.status == 409
    for text in (b"Sender One", b"Theirs", b"&lt;b&gt;Mine&lt;/b&gt;", b"Use mine instead"):
        assert text in answer.body
    assert held(desk).notes == {"en": "Theirs"}, "nothing was overwritten"


def saved(page: Page, number: int) -> None:
    """Wait until the page shows that revision."""
    page.wait_for_function("n => document.querySelector('[name=revision]').value === n", arg=str(number))


@needs_chromium
@needs_axe
@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("ar", 360, True)])
def test_by_keyboard(desk: Desk, browser: Browser, language: str, width: int, dark: bool) -> None:
    page = desk.page(browser, Role.EDITOR, language, width, dark=dark)
    page.goto(desk.url + INTO.format(review(desk)))
    first, second, *_ = shown(desk)
    number = int(revision(desk))
    page.locator(f"button[value='down:{first}']").focus()
    page.keyboard.press("Enter")
    saved(page, number + 1)
    page.wait_for_function("value => document.activeElement.value === value", arg=f"down:{first}")
    assert shown(desk)[:2] == [second, first]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    saved(page, number + 2)
    page.wait_for_function("value => document.activeElement.value === value", arg=f"in:{first}")
    assert held(desk).left_out == (first,)
    page.locator("textarea[name='note.ar']").focus()
    page.keyboard.type(f"مرحبا {language}")
    page.keyboard.press("Tab")
    saved(page, number + 3)
    assert held(desk).notes["ar"].endswith(f"مرحبا {language}")
    assert not too_wide(page)
    assert violations(page) == []
    page.locator("button[value='undo:']").focus()
    page.keyboard.press("Enter")
    saved(page, number + 4)
    page.locator(f"button[value='in:{first}']").focus()
    page.keyboard.press("Enter")
    saved(page, number + 5)
    assert first in shown(desk)
    for path in ("/staff/issues/", f"/staff/issues/{review(desk)}/"):
        page.goto(desk.url + path)
        assert not too_wide(page)
        assert violations(page) == []


def test_done_makes_the_editions(desk: Desk) -> None:
    path = INTO.format(review(desk))
    answer = desk.client(Role.EDITOR).post(
        f"{path}/finish", {"revision": revision(desk), "subject.en": "Our own words"}
    )
    assert answer.status == 303
    with desk.house.database.read() as connection:
        subjects = {one.digest["subject"] for one in issues.editions(connection, review(desk))}
    assert "Our own words" in subjects
