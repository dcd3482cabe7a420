"""A story withdrawn, put back and corrected: in the console and by command, whatever its source says; in feeds, archive
and mail."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.console_server import STORIES, Desk, console

from syndicate.flows import run as runs
from syndicate.flows.approve import Wish, approve
from syndicate.flows.duties import is_story_touched, last_word
from syndicate.flows.shelf import shelf
from syndicate.model import COMMAND_LINE, Issue, IssueState, Role
from syndicate.store import audit, deliveries, issues
from syndicate.store.cards import Wanted

CHECKER = Path(__file__).parents[3] / "shared" / "tools" / "eml_check.py"
WRONG = "It was on Tuesday, not on Wednesday. <b>Sorry.</b>"
YANLIS = "Çarşamba değil, salı günüydü."


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with console(tmp_path_factory.mktemp("corrections")) as opened:
        yield opened


def story(desk: Desk, words: str) -> str:
    return shelf(desk.house, Wanted(words), "en", desk.clock.now).stories[0].id


def published(desk: Desk, path: str) -> str:
    return (desk.house.tree.root / path).read_text(encoding="utf-8")


def gather(desk: Desk) -> None:
    """What the clock does every few minutes, and when it hears of a story."""
    now = desk.clock.on(minutes=6)
    runs.ingest_all(desk.house, now)
    runs.publish_feeds(desk.house, now)
    runs.publish_pages(desk.house, now)


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return found[1]


def test_withdrawn_it_is_gone_for_good_until_it_is_put_back(desk: Desk) -> None:
    client, bridge = desk.client(Role.SENDER), story(desk, "bridge")
    path = f"/staff/stories/{bridge}/"
    page = client.get(f"{path}withdraw").text
    for words in ("150 people have got it by mail", "The Review", "made again without the story"):
        assert words in page
    before = last_word(desk.house)
    fields = {"seen": seen(page), "only": "", "note": "It mixed up two bridges."}
    assert client.post(f"{path}withdraw", fields).status == 303
    assert is_story_touched(desk.house, before), "the clock hears of it"
    file = desk.house.places["articles"] / "bridge" / "index.en.md"
    file.write_text(file.read_text(encoding="utf-8") + "\nAnd more.\n", encoding="utf-8")
    gather(desk)
    atom = published(desk, "feeds/en/atom.xml")
    assert "A bridge is mended" not in atom
    assert "deleted-entry" in atom
    assert "It mixed up two bridges." in atom
    assert "A bridge is mended" not in published(desk, "en/archive/weekly/2026-05-04/index.html")
    assert "Withdrawn by" in client.get(path).text
    assert "There is nothing of it to withdraw." in client.get(f"{path}withdraw").text
    assert client.post(f"{path}put-back", {"only": ""}).status == 303
    gather(desk)
    assert "And more." in published(desk, "feeds/en/atom.xml"), "as the source has it by now"
    assert "A bridge is mended" in published(desk, "en/archive/weekly/2026-05-04/index.html")
    assert {"story.withdraw", "story.put-back"} <= noted(desk)


def test_a_correction_is_told_in_feeds_and_archive_and_mailed_to_those_who_got_it(desk: Desk) -> None:
    client, harbour = desk.client(Role.EDITOR), story(desk, "harbour")
    path = f"/staff/stories/{harbour}/correct"
    page = client.get(path).text
    assert page.count("50 people got it.") == len(STORIES["harbour"])
    fields = {"seen": seen(page), "note.en": WRONG, "note.tr": YANLIS, "note.ar": "", "mail": "en"}
    reply = client.post(path, fields)
    assert reply.status == 303
    number = int(reply.headers["location"].split("/")[3])
    assert "outdated" in client.post(path, fields).headers["location"], "pressed twice"
    gather(desk)
    atom = published(desk, "feeds/tr/atom.xml")
    assert YANLIS in atom
    assert YANLIS in published(desk, "tr/archive/weekly/2026-05-04/index.html")
    assert client.get(f"/staff/issues/{number}/prepare").status == 409
    for name in ("", "send", "progress", "preview", "preflight", "report"):
        shown = client.get(f"/staff/issues/{number}/{name}")
        assert shown.status == 200, name
    assert "50 people" in client.get(f"/staff/issues/{number}/send").text
    send(desk, number)
    with desk.house.database.read() as connection:
        made = issues.get(connection, number)
        counted = deliveries.counts(connection, number)
    assert (made.name, made.state, made.corrects) == ("2026-05-04-erratum", IssueState.SENT, harbour)
    assert {(state, n) for (_, state), n in counted.items()} == {("accepted", 50)}
    gather(desk)
    page = published(desk, f"en/archive/weekly/{made.name}/index.html")
    assert "It was on Tuesday" in page
    assert "<b>Sorry" not in page
    assert "Correction: The harbour at night" in published(desk, "en/archive/weekly/index.html")
    looks_right(desk, made)
    assert {"story.correct", "issue.correct"} <= noted(desk)


def noted(desk: Desk) -> set[str]:
    """What the log has lines of."""
    with desk.house.database.read() as connection:
        return {one.action for one in audit.entries(connection)}


def send(desk: Desk, number: int) -> None:
    now = desk.clock.now
    approve(desk.house, number, COMMAND_LINE, now, Wish(undo=timedelta(0), leave=now))
    runs.send_approved(desk.house, desk.clock)


def looks_right(desk: Desk, made: Issue) -> None:
    """The subject, the note first, once; and the checker of messages finds nothing."""
    box = desk.house.tree.root.parent / "outbox"
    with desk.house.database.read() as connection:
        ids = [line.id for line in deliveries.lines(connection, made.id)]
    mails = [path for path in box.rglob("*.eml") if re.search(rf"\b0*{ids[0]}\b", path.stem)]
    assert len(mails) == 1
    body = mails[0].read_bytes()
    mail = message_from_bytes(body, policy=policy.default)
    assert mail["subject"] == "Correction: The harbour at night"
    part = mail.get_body(("plain",))
    assert part
    text = part.get_content()
    assert text.count("It was on Tuesday") == 1
    assert text.index("It was on Tuesday") < text.index("min read")
    if CHECKER.is_file():
        asked = [sys.executable, str(CHECKER), "--strict", "--quiet", "--any-date", str(mails[0])]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert (done.returncode, " 0 WARN, 0 FAIL" in done.stdout) == (0, True), done.stdout


def test_who_may_not_withdraw_does_not_and_leaves_no_line(desk: Desk) -> None:
    market = story(desk, "market")
    assert desk.client(Role.EDITOR).post(f"/staff/stories/{market}/withdraw", only="").status == 403
    assert desk.client(Role.VIEWER).get(f"/staff/stories/{market}/correct").status == 403
    assert desk.client(Role.SENDER).get("/staff/stories/none/withdraw").status == 404
    client = desk.client(Role.EDITOR)
    reply = client.post(f"/staff/stories/{market}/correct", {"note.en": " "})
    assert (reply.status, "Say what was wrong" in reply.text) == (422, True)
    with desk.house.database.read() as connection:
        assert audit.entries(connection, subject=f"story {market}") == []


def test_the_command_does_the_same(desk: Desk) -> None:
    school = story(desk, "school")
    (listed,) = command(desk, "list", "nehir okul", "--json")
    assert (listed["id"], listed["title"]) == (school, "A school by the river")
    done = command(desk, "correct", school, "--note", "tr=Okul nehrin öteki kıyısında.", "--mail", "--json")
    (made,) = done["issues"]
    assert (made["newsletter"], made["state"], made["corrects"]) == ("weekly", "planned", school)
    gone = command(desk, "withdraw", school, "--language", "tr", "--json")["issues"]
    assert gone[str(made["id"])] == "cancelled"


def command(desk: Desk, *words: str) -> Any:
    config = desk.house.places["articles"].with_name("config.toml")
    program = str(Path(sys.executable).with_name("syndicate"))
    asked = [program, "story", *words, "--config", str(config)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)
