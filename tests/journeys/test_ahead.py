"""``syndicate issue preflight`` and ``issue test``: the same flows as the console's, from a shell."""

from collections.abc import Callable
from datetime import UTC, datetime

from tests.journeys.conftest import Newsroom

MONDAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def test_an_issue_is_looked_over_and_tried_before_it_goes_out(newsroom: Callable[..., Newsroom]) -> None:
    room = newsroom(weekly="approval = true\nlanguages = ['en', 'tr', 'ru']\nfallback = ['en']")
    for language in ("en", "tr"):
        room.article("harbour", language, "2026-05-01")
    room.article("bridge", "en", "2026-05-02", title="A bridge for {{ name }}")
    room.readers("a@example.org,tr en,weekly", "b@example.org,en,weekly")
    room.run_at(MONDAY)

    looked = room.command("issue", "preflight", "1", check=False)
    assert looked.returncode == 1, "there is something to mend"
    assert "stop: Placeholders" in looked.stdout
    assert "stands in the mail" in looked.stdout
    assert "ru: 2 stories are told in another language." in looked.stdout
    assert "-> Mend it where it was written" in looked.stdout

    tried = room.command("issue", "test", "1", "--to", "me@example.net", "--language", "tr")
    assert tried.stdout == "tr: accepted\n"
    (mail,) = room.mails
    assert mail.name.startswith("test-")
    assert "me@example.net" in mail.read_text(encoding="ascii")
    refused = room.command("issue", "test", "1", "--to", "nobody", check=False)
    assert (refused.returncode, "one @" in refused.stderr) == (1, True)
