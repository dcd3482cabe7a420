"""Whatever a page of the console leads to is there: every link of every page, in the role that sees most."""

from collections.abc import Iterator

import pytest
from tests.journeys.console_map import explored
from tests.journeys.console_server import Desk, console

from syndicate.model import Role


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with console(tmp_path_factory.mktemp("console")) as made:
        yield made


def test_every_link_of_every_page_leads_somewhere(desk: Desk) -> None:
    found = explored(desk.client(Role.ADMIN), same=3)
    assert found.dead == ()
    assert len(found.asked) > 25, "the walk saw the console"
