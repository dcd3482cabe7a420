"""Where reports come back to: a Maildir, or a folder of an IMAP server. Each message is handed out until it is done.

Done is said only after what a message tells is committed, so a process that dies in between reads it again. A mail
that was no report is left for people to read: it is marked as handled, and not as seen.
"""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from mailbox import Maildir as Folder
from pathlib import Path
from typing import Any, Literal

from syndicate.carriers.reports import LARGEST
from syndicate.model import CarrierError

HANDLED = "SyndicateHandled"
"""The IMAP keyword of a message that was read here and is no report."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A message of a mailbox: its name there, and its first bytes (:data:`reports.LARGEST`)."""

    name: str
    content: bytes = field(repr=False)


class Maildir:
    """A Maildir (cr.yp.to/proto/maildir.html) that a mail server delivers to. What is in ``new`` is yet to be read.

    Raises :class:`CarrierError` when the folder is none, or cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "Maildir":
        if not all((self.folder / name).is_dir() for name in ("new", "cur", "tmp")):
            raise CarrierError(f"{self.folder}: not a Maildir (it has no new, cur and tmp)")
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def __iter__(self) -> Iterator[Returned]:
        """In order of arrival, as far as names tell it (they begin with the time)."""
        for path in sorted((self.folder / "new").iterdir()):
            # Another reader may have been faster; what is no plain file is no mail.
            if path.is_file() and not path.is_symlink():
                with suppress(FileNotFoundError), path.open("rb") as file:
                    yield Returned(path.name, file.read(LARGEST))

    def done(self, message: Returned, *, is_report: bool) -> None:
        """Move it to ``cur``: a report as seen, another mail as unread."""
        box = Folder(self.folder, create=False)
        name = message.name.partition(box.colon)[0] + f"{box.colon}2,{'S' if is_report else ''}"
        try:
            (self.folder / "new" / message.name).rename(self.folder / "cur" / name)
        except FileNotFoundError:
            """Moved by somebody else meanwhile: done all the same."""
        except OSError as error:
            raise CarrierError(f"{self.folder}: cannot be written to: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where to read. ``tls`` and ``starttls`` verify the certificate. ``timeout`` in seconds, of each answer."""

    host: str
    username: str
    password: str = field(repr=False)
    port: int = 993
    folder: str = "INBOX"
    security: Literal["tls", "starttls", "none"] = "tls"
    timeout: float = 60.0
    context: ssl.SSLContext | None = field(default=None, repr=False)


class Imap:
    """A folder of an IMAP server (RFC 3501), one connection. What is neither seen nor handled is yet to be read.

    Raises :class:`CarrierError` when the server cannot be reached, refuses us, or has no such folder.
    """

    def __init__(self, server: ImapServer) -> None:
        self.server = server
        self.connection: imaplib.IMAP4 | None = None

    def __enter__(self) -> "Imap":
        with self._explained():
            self.connection = self._connect()
            try:
                self.connection.login(_quoted(self.server.username), self.server.password)
                self._said(self.connection.select(_quoted(self.server.folder)))
            except BaseException:
                self._close()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __iter__(self) -> Iterator[Returned]:
        """By UID. Looking does not mark: each is fetched with BODY.PEEK."""
        with self._explained():
            found = self._uid("search", "UNSEEN", "UNDELETED", "UNKEYWORD", HANDLED)
        for name in (found[0] or b"").decode().split():
            with self._explained():
                answer = self._uid("fetch", name, f"(BODY.PEEK[]<0.{LARGEST}>)")
            # A message that was deleted meanwhile has no content.
            content = next((part[1] for part in answer if isinstance(part, tuple)), None)
            if content is not None:
                yield Returned(name, content)

    def done(self, message: Returned, *, is_report: bool) -> None:
        """Mark a report as seen, another mail as handled; a server without keywords shows us the latter again."""
        with self._explained():
            if is_report:
                self._uid("store", message.name, "+FLAGS.SILENT", r"(\Seen)")
            elif self.connection is not None:
                self.connection.uid("store", message.name, "+FLAGS.SILENT", f"({HANDLED})")

    def _connect(self) -> imaplib.IMAP4:
        server = self.server
        context = server.context or ssl.create_default_context()
        if server.security == "tls":
            return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=context, timeout=server.timeout)
        made = imaplib.IMAP4(server.host, server.port, timeout=server.timeout)
        if server.security == "starttls":
            try:
                self._said(made.starttls(context))
            except BaseException:
                with suppress(OSError):
                    made.shutdown()
                raise
        return made

    def _uid(self, command: str, *arguments: str) -> list[Any]:
        if self.connection is None:
            raise AssertionError("the mailbox is read within its block")
        return self._said(self.connection.uid(command, *arguments))

    def _said(self, answer: tuple[str, list[Any]]) -> list[Any]:
        status, data = answer
        if status != "OK":
            raise imaplib.IMAP4.error(
                b" ".join(part for part in data if isinstance(part, bytes)).decode("utf-8", "replace")
            )
        return data

    @contextmanager
    def _explained(self) -> Iterator[None]:
        place = f"{self.server.host}:{self.server.port}"
        try:
            yield
        except (imaplib.IMAP4.error, OSError) as error:
            raise CarrierError(f"{place}: the mailbox cannot be read: {_name(error)}") from error
        except ValueError:
            # No cause, for the error holds what could not be written, which may be the password.
            raise CarrierError(f"{place}: user name, password or folder cannot be written in ASCII") from None

    def _close(self) -> None:
        if self.connection is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                self.connection.logout()
            with suppress(OSError):
                self.connection.shutdown()
        self.connection = None


def _quoted(text: str) -> str:
    """A quoted string (RFC 3501, 4.3). ValueError for what would begin another command."""
    if any(ord(letter) < 32 for letter in text):
        raise ValueError("control characters")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
