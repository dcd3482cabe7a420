"""What every test may count on: no settings of this machine's user, and values made in few words."""

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no failure; what an example finds is printed so that it can be repeated.
settings.register_profile(
    "house",
    max_examples=60,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# ``pytest --hypothesis-profile thorough`` looks far further, where a property sets no number of its own.
settings.register_profile("thorough", settings.get_profile("house"), max_examples=1000)
settings.load_profile("house")

# Memory, where there is enough: a commit waits milliseconds for a disk, and a test commits hundreds of times.
MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30


def pytest_configure() -> None:
    # A shell that puts us in the background has Ctrl-C ignored, and whatever we start would inherit that.
    if (
        signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        and threading.current_thread() is threading.main_thread()
    ):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's SYNDICATE_… variables change no test."""
    for name in [name for name in os.environ if name.startswith("SYNDICATE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the newest schema, to copy."""
    from tests.migrated import make

    return make(tmp_path_factory.mktemp("migrated") / "empty.db")


@pytest.fixture(scope="session", autouse=True)
def _new_databases_are_copies(migrated: Path) -> Iterator[None]:
    from tests.migrated import copied

    with copied(migrated):
        yield


@pytest.fixture(scope="session", autouse=True)
def _passwords_cost_little() -> Iterator[None]:
    """What they cost in service (half a second) is proven in ``tests/rooms/test_staff.py``."""
    from argon2 import PasswordHasher

    from syndicate.staff import passwords

    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", cheap)
        yield


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
