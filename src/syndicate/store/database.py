"""One database, SQLite or PostgreSQL, opened, migrated and checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from syndicate.model import StoreError

HEAD = "0001"
"""The newest migration. Known here so that a database that is up to date costs no import of Alembic."""


class Database:
    """A handle on the database at ``url`` (``sqlite:///var/syndicate.db``, ``postgresql+psycopg://…``).

    Raises :class:`StoreError` when it cannot be opened, or was written by a newer syndicate.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back on any error."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent look at the database that holds up no writer."""
        with self.engine.connect().execution_options(read_only=True) as connection, connection.begin():
            yield connection

    def migrate(self) -> None:
        """Bring the schema to :data:`HEAD`; does nothing when it is there."""
        try:
            version = self._version()
            if version != HEAD:
                _upgrade(self.engine)
        except OperationalError as error:
            raise StoreError(f"{self._place}: cannot be opened: {error.orig}") from error
        except SQLAlchemyError as error:
            raise StoreError(f"{self._place}: cannot be migrated: {error}") from error

    def close(self) -> None:
        self.engine.dispose()

    def _version(self) -> str:
        with self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return ""
            version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
        if version > HEAD:
            raise StoreError(
                f"{self._place}: was written by a newer syndicate (schema {version}, this one knows {HEAD})"
            )
        return str(version)

    @property
    def _place(self) -> str:
        return make_url(self.url).render_as_string(hide_password=True)


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL so that readers never wait for a writer; FULL so that what is committed survives a crash."""
    # pysqlite would open transactions by itself, and late; we say BEGIN (see _begin_sqlite).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a read that later writes would otherwise fail with a stale snapshot."""
    reads = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
