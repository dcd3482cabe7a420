"""Where reports come back to, a Maildir and a real IMAP server alike: each message until it is done, and once."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.contracts import imap_server
from tests.contracts.imap_server import PASSWORD, ImapHere
from tests.contracts.samples import NOW, planned_issue

from syndicate.carriers.mailbox import Imap, ImapServer, Maildir, Returned
from syndicate.flows.bounces import NO_REPORT, NOT_KEPT, NOT_OURS, BounceReport, bounces
from syndicate.model import CarrierError, StoreError
from syndicate.store import Database, subscribers
from syndicate.store.tables import delivery
from syndicate.subscribers import Tokens

KEY = b"a key of the tests, long enough"
REPORTS = Path(__file__).parents[1] / "rooms" / "data" / "reports"
Box = AbstractContextManager["Maildir | Imap"]


@pytest.fixture(scope="module")
def imap() -> Iterator[ImapHere]:
    if reason := imap_server.why_not():
        pytest.skip(reason)
    with imap_server.serve() as here:
        yield here


class Post:
    """A mailbox that mail is delivered to, and ways to open it."""

    def __init__(self, new: Path, server: ImapServer | None = None) -> None:
        self.new, self.server = new, server

    def deliver(self, name: str, content: bytes) -> None:
        """As a mail server does: written aside, then moved."""
        target = self.new.parent / "tmp" / name
        target.write_bytes(content)
        if os.getuid() == 0:
            owner = self.new.stat()
            os.chown(target, owner.st_uid, owner.st_gid)
        target.rename(self.new / name)

    def open(self) -> "Maildir | Imap":
        return Imap(self.server) if self.server else Maildir(self.new.parent)

    def clear(self) -> None:
        for folder in (self.new, self.new.parent / "cur"):
            for path in folder.iterdir():
                path.unlink()


@pytest.fixture(params=["maildir", "imap"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Post:
    if request.param == "maildir":
        for name in ("new", "cur", "tmp"):
            (tmp_path / "box" / name).mkdir(parents=True)
        return Post(tmp_path / "box" / "new")
    here: ImapHere = request.getfixturevalue("imap")
    server = ImapServer("127.0.0.1", "reports", PASSWORD, here.tls, timeout=20, context=here.context)
    made = Post(here.new, server)
    made.clear()
    return made


def contents(post: Post) -> list[bytes]:
    with post.open() as box:
        return [one.content.replace(b"\r\n", b"\n") for one in box]


def test_a_message_is_there_until_it_is_done(post: Post) -> None:
    post.deliver("1.one.here", b"Subject: one\n\n1\n")
    post.deliver("2.two.here", b"Subject: two\n\n2\n")
    assert contents(post) == contents(post) == [b"Subject: one\n\n1\n", b"Subject: two\n\n2\n"]
    with post.open() as box:
        for n, message in enumerate(box):
            box.done(message, is_report=n == 0)
            box.done(message, is_report=n == 0)
    assert contents(post) == []
    post.deliver("3.three.here", b"Subject: three\n\n3\n")
    assert contents(post) == [b"Subject: three\n\n3\n"]


def test_a_mail_that_is_no_report_stays_unread_for_people(post: Post) -> None:
    post.deliver("1.report.here", b"Subject: report\n\n1\n")
    post.deliver("2.letter.here", b"Subject: letter\n\n2\n")
    with post.open() as box:
        for message in box:
            box.done(message, is_report=b"report" in message.content)
    flags = {path.name[0]: path.name.rpartition(",")[2] for path in (post.new.parent / "cur").iterdir()}
    assert "S" in flags["1"]
    assert "S" not in flags["2"]


def test_of_a_huge_message_the_beginning_is_read(post: Post) -> None:
    post.deliver("1.huge.here", b"Subject: huge\n\n" + b"x" * 70 + b"\n" + (b"y" * 70 + b"\n") * 20_000)
    (content,) = contents(post)
    assert content.startswith(b"Subject: huge")
    assert len(content) <= 256 * 1024


# -- what they tell -------------------------------------------------------------------------------------------


def run(database: Database, post: Post) -> BounceReport:
    with post.open() as box:
        return bounces(database, Tokens(KEY), KEY, box, NOW)


def test_reports_are_heard_once_and_whatever_else_is_left(database: Database, post: Post) -> None:
    """One of Postfix to a return path, a forged one, an out-of-office note, and one that names our Message-ID."""
    _, people = planned_issue(database, 2)
    with database.read() as connection:
        ids = list(connection.execute(select(delivery.c.id).order_by(delivery.c.id)).scalars())
    tokens = Tokens(KEY)
    ours = tokens.return_path("bounces@news.gazette.example.org", ids[0]).encode()
    theirs = tokens.return_path("bounces@news.gazette.example.org", 1).encode()
    post.deliver("1.postfix", (REPORTS / "postfix_gone.eml").read_bytes().replace(theirs, ours))
    named = (REPORTS / "qmail.eml").read_bytes().replace(b"reader@example.com", b"p1@example.org")
    post.deliver("2.forged", named)
    post.deliver("3.holiday", (REPORTS / "holiday.eml").read_bytes())
    message_id = f"<{people[1]}@example.org>".encode()
    old = b"<0123456789abcdef0123456789abcdef@news.gazette.example.org>"
    post.deliver("4.qmail", named.replace(old, message_id))
    first = run(database, post)
    assert first.fates == {"bounced": 2, NOT_OURS: 1, NO_REPORT: 1}
    with database.read() as connection:
        found = [subscribers.by_id(connection, one) for one in people]
        rows = connection.execute(select(delivery.c.state, delivery.c.reason).order_by(delivery.c.id)).all()
    assert [one.status for one in found if one] == ["suppressed", "suppressed"]
    assert [row.state for row in rows] == ["bounced", "bounced"]
    assert rows[0].reason.startswith("bounced: 5.1.1 smtp; 550 5.1.1")
    assert run(database, post) == BounceReport()


def test_what_cannot_be_kept_stays_in_the_mailbox_and_stops_no_other(
    database: Database, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from syndicate.flows import bounces as flow

    post.deliver("1.bad", (REPORTS / "exim.eml").read_bytes())
    post.deliver("2.good", (REPORTS / "qmail.eml").read_bytes())
    real, seen = flow.hear_report, []

    def fails_first(*arguments: object) -> object:
        seen.append(arguments)
        if len(seen) == 1:
            raise ValueError("a fault of ours")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(flow, "hear_report", fails_first)
    assert run(database, post).fates == {NOT_KEPT: 1, NOT_OURS: 1}
    assert run(database, post).fates == {NOT_OURS: 1}
    post.deliver("3.later", (REPORTS / "sendmail.eml").read_bytes())
    monkeypatch.setattr(flow, "hear_report", _away)
    with pytest.raises(StoreError):
        run(database, post)
    assert len(contents(post)) == 1


def _away(*_: object) -> None:
    raise StoreError("the database is away")


# -- what a folder or a server may be -------------------------------------------------------------------------


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(CarrierError, match="not a Maildir"), Maildir(tmp_path):
        pass


def test_links_and_folders_in_a_maildir_are_no_mail(tmp_path: Path) -> None:
    for name in ("new", "cur", "tmp", "new/folder"):
        (tmp_path / name).mkdir()
    (tmp_path / "secret").write_text("Subject: secret\n\n")
    (tmp_path / "new" / "link").symlink_to(tmp_path / "secret")
    with Maildir(tmp_path) as box:
        assert list(box) == []
        box.done(Returned("gone.meanwhile", b""), is_report=True)


def test_a_certificate_that_nobody_vouches_for_is_refused(imap: ImapHere) -> None:
    server = ImapServer("127.0.0.1", "reports", PASSWORD, imap.tls, timeout=20)
    for security, port in (("tls", imap.tls), ("starttls", imap.plain)):
        with (
            pytest.raises(CarrierError, match="CERTIFICATE_VERIFY_FAILED"),
            Imap(
                replace(server, security=security, port=port)  # type: ignore[arg-type]
            ),
        ):
            pass


def test_starttls_and_plain_reach_the_same_mailbox(imap: ImapHere) -> None:
    server = ImapServer("127.0.0.1", "reports", PASSWORD, imap.plain, timeout=20, context=imap.context)
    for security in ("starttls", "none"):
        with Imap(replace(server, security=security)) as box:  # type: ignore[arg-type]
            assert all(isinstance(one.content, bytes) for one in box)


def test_a_refusal_is_told_without_the_password(imap: ImapHere) -> None:
    server = ImapServer("127.0.0.1", "reports", "wrong word", imap.tls, timeout=20, context=imap.context)
    for changed in (
        {},
        {"password": PASSWORD, "folder": "Nowhere"},
        {"password": "a\r\nb"},
        {"password": "ş wort"},
    ):
        made = replace(server, **changed)  # type: ignore[arg-type]
        with pytest.raises(CarrierError) as told, Imap(made):
            pass
        assert made.password not in str(told.value)
        assert made.password not in repr(made)


def test_a_server_that_is_away_or_silent_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        server = ImapServer("127.0.0.1", "reports", "x", port, security="none", timeout=0.2)
        with pytest.raises(CarrierError, match=f"127.0.0.1:{port}"), Imap(server):
            pass
    with pytest.raises(CarrierError, match="mailbox cannot be read"), Imap(server):
        pass


def test_a_server_that_talks_nonsense_ends_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_nonsense, args=(listener,), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        server = ImapServer("127.0.0.1", "reports", "x", port, security="none", timeout=5)
        with pytest.raises(CarrierError), Imap(server):
            pass
        thread.join(10)


def _nonsense(listener: socket.socket) -> None:
    line, _ = listener.accept()
    with line:
        line.sendall(b"* OK hello\r\n")
        line.recv(1000)
        line.sendall(b"\xff\xfe what\r\n" * 3)
