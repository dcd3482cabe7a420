"""``docs/console-roles.md`` tells who may do what in the console, as the routes themselves say it.

Write it again with ``WRITE_DOCS=1 .venv/bin/pytest tests/house/test_console_roles.py``.
"""

import os
from pathlib import Path

import pytest
from litestar import Litestar
from tests.journeys.test_console_door import OPEN, all_routes
from tests.journeys.web_server import CONFIG, NOW

from syndicate.app import open_house
from syndicate.model import Role
from syndicate.web import application

PAGE = Path(__file__).parents[2] / "docs" / "console-roles.md"
HEAD = """\
# Who may do what in the console

Made from the routes (`tests/house/test_console_roles.py`, which also says how it is made again). A GET looks, a POST
acts. What stands here is all there is under `/staff/`, besides signing in and one-time links, which are open to
everybody, and the style sheet and script.

| | |"""


@pytest.fixture
def app(tmp_path: Path) -> Litestar:
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    return application(open_house(tmp_path / "config.toml"), lambda: NOW)


def table(app: Litestar) -> str:
    rows = [
        (path, method, needs)
        for path, method, needs in all_routes(app)
        if path not in OPEN and method in ("GET", "POST")
    ]
    columns = "".join(f" {role} |" for role in Role)
    head = HEAD.replace("| | |", f"| what | address |{columns}\n|---|---|{'---|' * len(Role)}")
    marks = [
        f"| {method} | `{path}` |"
        + "".join(f" {'yes' if role.may(Role(str(needs))) else ''} |" for role in Role)
        for path, method, needs in sorted(rows)
    ]
    return "\n".join((head, *marks)) + "\n"


def test_the_page_says_what_the_routes_say(app: Litestar) -> None:
    wanted = table(app)
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(wanted, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == wanted, "the routes have changed; see the top of this test"


def test_only_signing_in_and_links_are_open(app: Litestar) -> None:
    is_open = {path for path, method, needs in all_routes(app) if needs is None and method != "OPTIONS"}
    assert is_open == OPEN
