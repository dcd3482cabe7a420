"""One database, SQLite or PostgreSQL, opened, migrated and checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from syndicate.model import StoreError

_MIGRATION_LOCK = 0x53594E44  # any number, the same in every syndicate
HEAD = "0006"
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
        with self.explained("cannot be used"), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent look at the database, as it was at the first question; it holds up no writer."""
        with self.explained("cannot be read"), self._reader() as connection, connection.begin():
            yield connection

    @contextmanager
    def apart(self) -> Iterator[Connection]:
        """A connection for several transactions, with temporary tables of its own; they are gone with it."""
        with self.explained("cannot be used"), self.engine.connect() as connection:
            try:
                yield connection
            finally:
                # Not given back to the pool: whoever had it next would find our tables.
                connection.invalidate()

    def driver(self) -> Any:
        """A new connection as the driver itself has it (``sqlite3`` or ``psycopg``), for what is said all the time.

        Each of its statements is a transaction by itself, as durable as any. Whoever asks for it closes it, and
        wraps what it is told in :meth:`explained`.
        """
        with self.explained("cannot be opened"):
            # Not out of the pool: what lies there may be as broken as the one that this is to replace.
            opened = self.engine.pool.recreate().connect()
            driver: Any = opened.driver_connection
            opened.detach()
            if self.engine.dialect.name == "postgresql":
                driver.autocommit = True
            return driver

    @contextmanager
    def looking(self, connection: Connection) -> Iterator[None]:
        """A transaction of :meth:`apart`'s connection that writes to temporary tables alone: it holds up no writer."""
        self._prepare(connection, is_reading=True)
        with connection.begin():
            yield

    @contextmanager
    def writing(self, connection: Connection) -> Iterator[None]:
        """A transaction of :meth:`apart`'s connection as of :meth:`begin`."""
        self._prepare(connection, is_reading=False)
        with connection.begin():
            yield

    def _prepare(self, connection: Connection, *, is_reading: bool) -> None:
        if self.engine.dialect.name == "sqlite":
            connection.execution_options(read_only=is_reading)
        else:
            level = "REPEATABLE READ" if is_reading else "READ COMMITTED"
            connection.execution_options(isolation_level=level)

    def forget(self) -> bool:
        """Empty SQLite's log, which remembers deleted rows until it is written over. False while somebody reads it."""
        if self.engine.dialect.name != "sqlite":
            return True
        with self.explained("cannot be used"), self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            if driver is None:
                raise AssertionError("the connection is open")
            busy: int = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not busy

    def migrate(self) -> None:
        """Bring the schema to :data:`HEAD`; does nothing when it is there."""
        with self.explained("cannot be opened"):
            try:
                with self.engine.connect() as connection:
                    version = self._version(connection)
                if version != HEAD:
                    _upgrade(self.engine)
            except OperationalError:
                raise
            except SQLAlchemyError as error:
                reason = getattr(error, "orig", None) or error
                raise StoreError(f"{self._place}: cannot be migrated: {reason}") from error

    def check(self) -> None:
        """Raises :class:`StoreError` unless the database answers and its schema is :data:`HEAD`."""
        try:
            with self.read() as connection:
                version = self._version(connection)
        except SQLAlchemyError as error:
            raise StoreError(
                f"{self._place}: cannot be read: {getattr(error, 'orig', None) or error}"
            ) from error
        if version != HEAD:
            raise StoreError(
                f"{self._place}: has schema {version or 'none'}, not {HEAD}; start syndicate again"
            )

    def _reader(self) -> Connection:
        if self.engine.dialect.name == "sqlite":
            return self.engine.connect().execution_options(read_only=True)
        return self.engine.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @contextmanager
    def explained(self, what: str) -> Iterator[None]:
        """What the database itself refuses (away, full, locked too long, not a database) is for a person to mend.

        It becomes a StoreError, whether SQLAlchemy or the driver says so.
        """
        try:
            yield
        except (OperationalError, self.engine.dialect.loaded_dbapi.OperationalError) as error:
            raise StoreError(f"{self._place}: {what}: {getattr(error, 'orig', error)}") from error

    def close(self) -> None:
        self.engine.dispose()

    def _version(self, connection: Connection) -> str:
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


# Seconds that a writer waits for another. SQLite has one at a time, and the longest there is, a list of a million,
# writes for half a minute: who waits less gives up for nothing. Two that wait for each other are told at once.
_SQLITE_PATIENCE = 120


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "the address of the database is none; write sqlite:///… or postgresql://…"
        ) from error
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"))
    if parsed.get_backend_name() != "sqlite":
        raise StoreError(f"{parsed.get_backend_name()}: only sqlite and postgresql are spoken here")
    if parsed.database and parsed.database != ":memory:":
        _make_folder(Path(parsed.database).parent)
    engine = create_engine(parsed, connect_args={"timeout": _SQLITE_PATIENCE})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: the database's folder cannot be made: {error.strerror}") from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL so that readers never wait for a writer; FULL so that what is committed survives a crash."""
    # pysqlite would open transactions by itself, and late; we say BEGIN (see _begin_sqlite).
    connection.isolation_level = None
    cursor = connection.cursor()
    # What is deleted is overwritten: who is erased must not be found in the file.
    settings = (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-16384",
        "secure_delete=ON",
    )
    for pragma in settings:
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
        if engine.dialect.name == "postgresql":
            # Two processes may start at once; SQLite's BEGIN IMMEDIATE has this lock in it.
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
