"""Every store: each contract runs on SQLite and on a PostgreSQL server of this test session's own."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.postgres_server import create, emptied

from syndicate.store import Database


@pytest.fixture(scope="session")
def postgres_ready(postgres_server: str) -> str:
    """The address of a migrated database, which each test finds empty."""
    made = Database(create(postgres_server, "ready"))
    made.migrate()
    made.close()
    return made.url


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The address of a database without a table in it."""
    if backend == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    server = request.getfixturevalue("postgres_server")
    return create(server, f"empty_{uuid.uuid4().hex}")


@pytest.fixture
def database(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database at the newest schema, empty."""
    if backend == "sqlite":
        opened = Database(f"sqlite:///{tmp_path}/contract.db")
        opened.migrate()
    else:
        opened = Database(emptied(request.getfixturevalue("postgres_ready")))
    yield opened
    opened.close()
