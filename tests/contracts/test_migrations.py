"""The schema: from nothing to the newest, on both databases, and never past what this program knows."""

import threading
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import ForeignKeyConstraint, inspect, text
from sqlalchemy.schema import SchemaItem
from tests.migrated import by_alembic

from syndicate import store
from syndicate.model import StoreError
from syndicate.store import Database
from syndicate.store import database as databases
from syndicate.store.database import HEAD
from syndicate.store.tables import metadata


@pytest.fixture(autouse=True)
def _nothing_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "_upgrade", by_alembic)


def test_from_empty_to_the_tables_as_they_are_written(empty_url: str) -> None:
    database = Database(empty_url)
    database.migrate()
    database.migrate()
    with database.engine.connect() as connection:
        opts = {"compare_type": True, "include_object": partial(_is_kept, database.engine.dialect.name)}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}
    database.close()


def _is_kept(dialect: str, item: SchemaItem, *_: object) -> bool:
    """PostgreSQL's ledger has no foreign keys (see ``tables.ledger``)."""
    of_ledger = isinstance(item, ForeignKeyConstraint) and item.table.name == "delivery"
    return dialect == "sqlite" or not of_ledger


def test_postgres_looks_up_no_parents_of_lines(database: Database) -> None:
    with database.read() as connection:
        found = inspect(connection).get_foreign_keys("delivery")
    assert len(found) == (2 if database.engine.dialect.name == "sqlite" else 0)


def test_the_newest_migration_is_the_one_the_program_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).with_name("migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_two_that_start_at_once_make_one_schema(empty_url: str) -> None:
    failures: list[Exception] = []

    def start() -> None:
        database = Database(empty_url)
        try:
            database.migrate()
        except Exception as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    database = Database(empty_url)
    with database.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]
    database.close()


def test_a_newer_schema_is_left_alone(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer syndicate"):
        database.migrate()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "address of the database"),
        ("mysql://localhost/x", "only sqlite and postgresql"),
        ("postgresql://someone:hush@127.0.0.1:1/x", "cannot be opened"),
    ],
)
def test_what_cannot_be_opened_is_said_without_the_password(url: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason) as raised:
        Database(url).migrate()
    assert "hush" not in str(raised.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_bytes(b"Dear reader, this is not a database. " * 40)
    with pytest.raises(StoreError, match=r"letter\.db.*not a database"):
        Database(f"sqlite:///{path}").migrate()


def test_a_reader_sees_one_moment_and_stops_no_writer(database: Database) -> None:
    """What is committed while one looks is seen at the next look, never in the middle of this one."""
    count = text("SELECT count(*) FROM published_page")
    with database.read() as reading:
        assert reading.execute(count).scalar() == 0
        with database.begin() as writing:
            writing.execute(text("INSERT INTO published_page VALUES ('p', 'f')"))
        assert reading.execute(count).scalar() == 0
    with database.read() as reading:
        assert reading.execute(count).scalar() == 1


def test_what_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.begin() as connection:
            connection.execute(text("INSERT INTO published_page VALUES ('p', 'f')"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM published_page")).scalar() == 0
