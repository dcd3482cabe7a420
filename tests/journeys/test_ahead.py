"""``syndicate issue preflight`` and ``issue test``: the same flows as the console's, from a shell."""

from collections.abc import Callable
from datetime import UTC, datetime

from tests.journeys.conftest import Newsroom
from tests.journeys.sink import listening
from tests.journeys.web_server import reader

from syndicate.flows.run import run

MONDAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def test_an_issue_is_looked_over_and_tried_before_it_goes_out(newsroom: Callable[..., Newsroom]) -> None:
    with listening() as (sink, port):
        sink.answer = lambda to, _: "250 ok" if to.startswith("me@") else f"550 5.1.1 nobody is {to}"
        weekly = "approval = true\nlanguages = ['en', 'tr', 'ru']\nfallback = ['en']"
        room = newsroom(weekly=weekly, carrier="smtp", port=port)
        for language in ("en", "tr"):
            room.article("harbour", language, "2026-05-01")
        room.article("bridge", "en", "2026-05-02", title="A bridge for {{ name }}")
        house = room.open()
        reader(house, "a@example.org", "tr en", "weekly")
        run(house, lambda: MONDAY)
        house.database.close()

        looked = room.command("issue", "preflight", "1", check=False)
        assert looked.returncode == 1, "there is something to mend"
        assert "stop: Placeholders" in looked.stdout
        assert "stands in the mail" in looked.stdout
        assert "ru: 2 stories are told in another language." in looked.stdout
        assert "-> Mend it where it was written" in looked.stdout

        to = ("--to", "me@example.net", "--to", "away@example.net")
        tried = room.command("issue", "test", "1", *to, "--language", "tr", check=False)
        told = tried.stdout.splitlines()
        assert told[0].startswith("tr: accepted")
        assert told[1].startswith("tr: refused")
        assert "nobody is (address)" in told[1]
        assert (tried.returncode, "1 of 2 test mails" in tried.stderr) == (1, True)
        assert sink.recipients == {"me@example.net": 1}
