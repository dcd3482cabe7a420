"""``syndicate bounces``: a report in a Maildir becomes a line of the ledger, and its reader is mailed no more."""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest
from tests.journeys.conftest import Newsroom

from syndicate.flows.house import House

MONDAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
REPORTS = Path(__file__).parents[1] / "rooms" / "data" / "reports"

pytestmark = pytest.mark.skipif(
    "mailbox" not in {one.name for one in fields(House)}, reason="no house opens a mailbox for reports yet"
)


def maildir(newsroom: Newsroom) -> Path:
    for name in ("new", "cur", "tmp"):
        (newsroom.root / "returned" / name).mkdir(parents=True)
    return newsroom.root / "returned" / "new"


def test_a_report_takes_its_reader_off_the_next_issue(newsroom: Callable[..., Newsroom]) -> None:
    made = newsroom(more='[bounces]\nmaildir = "returned"')
    new = maildir(made)
    made.article("port", "en", "2026-05-01")
    made.readers("gone@example.com,en,weekly", "here@example.com,en,weekly")
    made.run_at(MONDAY)
    mail = next(m for p in made.mails if (m := message_from_bytes(p.read_bytes()))["To"].count("gone@"))
    report = (REPORTS / "exim.eml").read_bytes().replace(b"reader@example.com", b"gone@example.com")
    old = b"<0123456789abcdef0123456789abcdef@news.gazette.example.org>"
    (new / "1.report").write_bytes(report.replace(old, mail["Message-ID"].encode()))
    (new / "2.holiday").write_bytes((REPORTS / "holiday.eml").read_bytes())
    assert made.data("bounces") == {
        "messages": {"bounced": 1, "no report": 1},
        "changed": {"bounced": 1},
        "suppressed": 1,
        "unsubscribed": 0,
    }
    assert made.command("bounces").stdout == "no new messages\n"
    assert "suppressed" in made.command("subscribers", "show", "gone@example.com").stdout
    made.article("river", "en", "2026-05-06")
    before = len(made.mails)
    made.run_at(datetime(2026, 5, 11, 9, 0, tzinfo=UTC))
    assert len(made.mails) == before + 1


def test_without_a_mailbox_the_settings_are_named(newsroom: Callable[..., Newsroom]) -> None:
    done = newsroom().command("bounces", check=False)
    assert done.returncode == 2
    assert "bounces.maildir" in done.stderr
