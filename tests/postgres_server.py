"""A PostgreSQL server of this test session's own: on a socket in a folder of its own, without a port."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGQUIT

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from syndicate.store.database import HEAD


def programs() -> Path | None:
    """The folder of the newest PostgreSQL's ``initdb`` and ``postgres``."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]), reverse=True
    )
    if found:
        return found[0].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _owner() -> str | None:
    """PostgreSQL refuses to run as root: somebody without rights runs it then."""
    if os.getuid() != 0:
        return None
    names = {one.pw_name for one in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@contextmanager
def server(programs: Path, *, is_durable: bool = False) -> Iterator[str]:
    """A server on a socket in a folder of its own, without a port; it ends with the block, by its own pid.

    ``is_durable``: every commit reaches the disk, as in service; a test has no use for that.
    """
    folder = Path(tempfile.mkdtemp(prefix="syndicate-pg-"))
    owner = _owner()
    if owner:
        shutil.chown(folder, owner)
    run = {"cwd": folder, "user": owner, "extra_groups": [] if owner else None}
    try:
        with (folder / "log").open("wb") as log:
            subprocess.run(
                [programs / "initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8",
                 "--locale=C.UTF-8", "-D", folder / "data"],
                check=True, stdout=log, stderr=log, **run,
            )  # fmt: skip
            options = {"listen_addresses": "", "unix_socket_directories": folder}
            if not is_durable:
                quick = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
                options |= dict.fromkeys(quick, "off")
            given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
            process = subprocess.Popen(
                [programs / "postgres", "-D", folder / "data", *given], stdout=log, stderr=log, **run
            )
        try:
            url = f"postgresql+psycopg://postgres@/{{name}}?host={folder}"
            _wait(process, url.format(name="postgres"), folder / "log")
            yield url
        finally:
            # What is not to last needs no last checkpoint: an immediate shutdown.
            process.send_signal(SIGINT if is_durable else SIGQUIT)
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pg_ctl(url: str, *words: str) -> None:
    """What is said to a running server of :func:`server`: ``stop``, ``restart``, ``start``, and how."""
    found, folder, owner = programs(), Path(str(make_url(url).query["host"])), _owner()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed here")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    subprocess.run(
        [found / "pg_ctl", "-w", "-D", folder / "data", "-l", folder / "again.log", "-o", options, *words],
        cwd=folder, user=owner, extra_groups=[] if owner else None, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    engine = create_engine(url)
    for _ in range(300):
        try:
            engine.connect().close()
            break
        except Exception:
            if process.poll() is not None:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.1)
    engine.dispose()


def administer(server: str, statement: str) -> None:
    """Say one statement outside any transaction, to the server itself."""
    engine = create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def create(server: str, name: str, template: str = "template1") -> str:
    """A database of this name; its address."""
    administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.format(name=name)


def emptied(url: str) -> str:
    """Take every row from a migrated database that a test before has used; the same address.

    Many times quicker than another database: of all the tables a test fills five.
    """
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Past the triggers that guard the audit log. Whoever still holds a lock is an error of the test before.
        connection.exec_driver_sql("SET session_replication_role = replica")
        connection.exec_driver_sql("SET lock_timeout = '20s'")
        connection.exec_driver_sql(_EMPTY)
        connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})
        # A row that the migration made, and that is always there.
        connection.execute(text("UPDATE ledger SET claims = 0"))
    engine.dispose()
    return url


_EMPTY = """
DO $$
DECLARE name text; is_full boolean; full_ones text[] := '{}';
BEGIN
  FOR name IN SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'ledger') LOOP
    EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || quote_ident(name) || ')' INTO is_full;
    IF is_full THEN full_ones := full_ones || quote_ident(name); END IF;
  END LOOP;
  IF full_ones <> '{}' THEN EXECUTE 'TRUNCATE ' || array_to_string(full_ones, ', ') || ' CASCADE'; END IF;
  PERFORM setval(s.seqrelid, s.seqstart, false) FROM pg_sequence s WHERE pg_sequence_last_value(s.seqrelid) IS NOT NULL;
END $$
"""
