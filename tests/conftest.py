"""What every test may count on: no settings of this machine's user, and values made in few words."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no failure; what an example finds is printed so that it can be repeated.
settings.register_profile(
    "house",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's SYNDICATE_… variables change no test."""
    for name in [name for name in os.environ if name.startswith("SYNDICATE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server, with ``{name}`` for the database; one for each worker of the session."""
    from tests.postgres_server import programs, server

    found = programs()
    if found is None:
        pytest.skip(
            "PostgreSQL is not installed here (initdb is neither in /usr/lib/postgresql nor on the path)"
        )
    with server(found) as url:
        yield url
