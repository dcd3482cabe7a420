"""An empty SQLite database at the newest schema, made once by Alembic; every other of a test session is its copy.

What the migrations themselves do is proven in ``tests/contracts/test_migrations.py``, where nothing is copied.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from syndicate.store import Database, database

by_alembic = database._upgrade


def make(path: Path) -> Path:
    """Have Alembic make it at ``path``."""
    made = Database(f"sqlite:///{path}")
    by_alembic(made.engine)
    made.close()
    return path


@contextmanager
def copied(template: Path) -> Iterator[None]:
    """Until the end of the block a new SQLite database of this process is a copy of ``template``."""
    one_at_a_time = threading.Lock()

    def upgrade(engine: Engine) -> None:
        if engine.dialect.name != "sqlite":
            by_alembic(engine)
            return
        with one_at_a_time, engine.connect() as connection:
            opened = connection.connection.driver_connection
            assert isinstance(opened, sqlite3.Connection)
            is_new = not opened.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if is_new:
                with closing(sqlite3.connect(template)) as source:
                    source.backup(opened)
        if not is_new:
            by_alembic(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_upgrade", upgrade)
        yield
