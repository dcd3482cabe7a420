"""Every store: each contract runs on SQLite and on a PostgreSQL server of this test session's own."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.postgres_server import create

from syndicate.store import Database


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """A migrated database that others are copied from."""
    made = Database(create(postgres_server, "ready"))
    made.migrate()
    made.close()
    return "ready"


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
        server = request.getfixturevalue("postgres_server")
        template = request.getfixturevalue("postgres_template")
        opened = Database(create(server, f"contract_{uuid.uuid4().hex}", template))
    yield opened
    opened.close()
