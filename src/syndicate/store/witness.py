"""The witness: a small file outside the database that remembers how far sending was.

A database restored from a backup knows nothing of the mail that went out after it was made, and would send it again.
It counts its claims; the witness has the highest count seen. A database that counts less is older than what
happened, and a database that is another one altogether knows nothing of it: all sending is held until a person has
looked (``syndicate restored``). Keep the file out of backups: restored together, the two agree.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select, update

from syndicate.model import StoreError
from syndicate.store.tables import ledger


@dataclass(frozen=True, slots=True)
class Count:
    """Which database, and how many claims were made in it."""

    database: str
    claims: int


def count(connection: Connection) -> Count:
    """What the database says of itself."""
    row = connection.execute(select(ledger.c.identity, ledger.c.claims)).one()
    return Count(row.identity, row.claims)


class Witness:
    """The file at ``path``, in the folder that also holds the lock of the sender."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Count | None:
        """None when there is no file yet. Raises StoreError for one that is damaged."""
        try:
            held = json.loads(self.path.read_text(encoding="ascii"))
            return Count(str(held["database"]), int(held["claims"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            advice = "look at what was sent last, then: syndicate restored --confirm"
            raise StoreError(f"{self.path}: cannot be read ({type(error).__name__}); {advice}") from error

    def last_known(self) -> int:
        """The highest count remembered; 0 when there is none, or the file is damaged."""
        try:
            seen = self.read()
        except StoreError:
            return 0
        return seen.claims if seen else 0

    def objection(self, found: Count) -> str:
        """Why nothing may be sent from this database now; empty when nothing speaks against it."""
        seen = self.read()
        if seen is None or (seen.database == found.database and seen.claims <= found.claims):
            return ""
        if seen.database != found.database:
            return f"{self.path}: this is another database than the one that mail was last sent from"
        return (
            f"{self.path}: the database was restored from an older state: it knows of {found.claims} claims, "
            f"{seen.claims} were made"
        )

    def write(self, seen: Count) -> None:
        """Remember, so that it lasts. Raises StoreError when it cannot be written."""
        made = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with made.open("w", encoding="ascii") as file:
                json.dump({"database": seen.database, "claims": seen.claims}, file)
                file.flush()
                os.fsync(file.fileno())
            made.replace(self.path)
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror}; nothing more is handed over") from error


def pass_over(connection: Connection, seen: int) -> Count:
    """Count on from ``seen``, so that no number is given twice; a person has confirmed that this is the database."""
    found = count(connection)
    connection.execute(update(ledger).values(claims=max(found.claims, seen)))
    return count(connection)
