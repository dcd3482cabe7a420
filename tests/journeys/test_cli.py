"""The console command as people and scripts meet it: exit status, JSON, errors, terminals, pipes and Ctrl-C."""

import json
import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import feedparser
import pytest

from .conftest import ROOT, SETTINGS, Newsroom

Make = Callable[..., Newsroom]
PROGRAM = str(Path(sys.executable).with_name("syndicate"))
WEEKLY = "fallback = ['en']\napproval = true"
# What an address looks like; nothing of the kind may stand in what goes to standard error.
ADDRESS = re.compile(r"\w@\w")


def furnished(made: Newsroom) -> Newsroom:
    """Two stories, one of them in three languages, two readers, nothing run yet."""
    made.article("bridge", "en", "2026-10-01T09:00:00Z", "A bridge")
    made.article("bridge", "tr", "2026-10-01T09:00:00Z", "Iğdır’da köprü")
    made.article("bridge", "ar", "2026-10-01T09:00:00Z", "جسر")
    made.article("flood", "en", "2026-10-02T09:00:00Z", "The flood")
    made.readers("ann@example.com,en,weekly", "bora@example.com,tr en,weekly")
    return made


@pytest.fixture
def room(newsroom: Make) -> Newsroom:
    return furnished(newsroom(weekly=WEEKLY))


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """The same with its first issue planned, for tests that leave it as it is."""
    made = Newsroom(tmp_path_factory.mktemp("planned"))
    made.write("config.toml", SETTINGS.format(weekly=WEEKLY, more="", carrier="outbox", port=25))
    (made.root / "articles/bridge").mkdir(parents=True)
    (made.root / "articles/bridge/picture.png").write_bytes(b"\x89PNG\xff\xfe")
    furnished(made).command("run")
    return made


def run(*words: str, cwd: Path | None = None, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, *words], cwd=cwd, env={**os.environ, **more}, capture_output=True, text=True, timeout=120
    )


def told(done: "subprocess.CompletedProcess[str]", status: int) -> str:
    """What an error says: a sentence, no traceback, nobody's address."""
    assert done.returncode == status, (done.args, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr + done.stdout
    assert not ADDRESS.search(done.stderr), done.stderr
    return done.stderr


def test_every_verb_works_on_a_config_elsewhere_and_prints_one_json_document(
    room: Newsroom, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def data(*words: str) -> Any:
        config = str(room.root / "config.toml")
        done = run(*words, "--json", "--config", config, cwd=elsewhere)
        assert done.returncode == 0, (words, done.stderr)
        return json.loads(done.stdout)

    assert data("subscribers", "sync")["counts"] == {"unchanged": 2}
    assert data("ingest", "--source", "articles")["added"] == 4
    assert data("publish")["written"]
    assert data("issue", "list") == []
    (coming,) = data("issue", "list", "--upcoming")
    assert coming["readers"] == {"en": 1, "tr": 1}
    lacks = {gap["story"]: gap["lacks"] for gap in coming["missing"]}
    assert sorted(lacks.values()) == [["ru"], ["tr", "ru", "ar"]]
    assert {coming["titles"][story] for story in lacks} == {"A bridge", "The flood"}
    assert data("issue", "plan", "weekly")["owed"] == {"en": 1, "tr": 1}
    assert data("issue", "plan", "weekly", "--again")["new"]
    number = str(data("issue", "list", "--newsletter", "weekly")[0]["issue"]["id"])
    previews = data("issue", "preview", number, "--output", "seen")
    assert all((elsewhere / path).stat().st_size for path in previews)
    assert data("issue", "approve", number)["state"] == "approved"
    assert data("issue", "pause", number)["state"] == "paused"
    assert data("issue", "resume", number)["state"] == "approved"
    assert data("issue", "send", number) == {"accepted": 2}
    account = data("issue", "show", number)
    assert account["deliveries"] == [["accepted", "", 2]]
    chosen = [c for made in account["choices"].values() for c in made if c["article_id"]]
    assert {account["titles"][c["article_id"]] for c in chosen} >= {"Iğdır’da köprü", "جسر", "The flood"}
    assert data("run")["accepted"] == 0
    assert data("status")["totals"]["states"] == {"accepted": 2}
    assert {finding["level"] for finding in data("doctor")} <= {"ok", "warning"}
    assert data("subscribers", "show", "ann@example.com")["deliveries"][0][1] == "accepted"
    assert not list(elsewhere.glob("var")), "everything stays beside config.toml"


def test_a_cancelled_issue_mails_nobody(room: Newsroom) -> None:
    room.command("ingest")
    room.command("issue", "plan", "weekly")
    assert room.data("issue", "cancel", "1") == {"issue": 1, "cancelled": 2}
    assert "only" in told(room.command("issue", "send", "1", check=False), 1)
    assert not room.mails


def test_lists_go_out_and_come_back_and_people_leave(room: Newsroom, tmp_path: Path) -> None:
    out = tmp_path / "everyone.csv"
    room.command("subscribers", "export", str(out))
    assert room.data("subscribers", "import", str(out))["counts"] == {"unchanged": 2}
    add = ("subscribers", "add", "cem@example.com", "--languages", "tr", "--newsletters", "weekly")
    assert room.command(*add).stdout == "added\n"
    assert room.command("subscribers", "unsubscribe", "cem@example.com", "weekly").stdout == "unsubscribed\n"
    room.command("subscribers", "erase", "cem@example.com")
    told(room.command("subscribers", "show", "cem@example.com", check=False), 2)
    assert room.command(*add).stdout.startswith("suppressed"), "erased means for good"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("issue plan daily", "weekly"),
        ("issue list --newsletter daily", "weekly"),
        ("issue list --upcoming --newsletter daily", "weekly"),
        ("ingest --source wire", "articles"),
        ("issue show 77", "syndicate issue list"),
        ("issue approve 77", "77"),
        ("issue send 77", "77"),
        ("issue pln weekly", "pln"),
        ("issue show one", "integer"),
        ("issue", ""),
        ("publish --fast", "--fast"),
        ("subscribers show nobody@example.com", "no subscriber"),
        ("subscribers unsubscribe ann@example.com daily", "weekly"),
        ("run --config nowhere.toml", "syndicate init"),
        ("serve --port many", "integer"),
        ("serve --port 70000", "65535"),
    ],
)
def test_misuse_ends_with_2_and_says_what_there_is(planned: Newsroom, words: str, says: str) -> None:
    assert says in told(planned.command(*shlex.split(words), check=False), 2)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("subscribers show nonsense", "has one @"),
        ("subscribers import missing.csv", "missing.csv"),
        ("subscribers export /nowhere/at/all.csv", "/nowhere/at/all.csv"),
        ("subscribers add a@b --languages en --newsletters weekly", "domain"),
        ("subscribers add a@example.com --languages '' --newsletters weekly", "no language"),
        ("init .", "config.toml is there already"),
        ("similar eval missing.jsonl --output out.jsonl", "missing.jsonl"),
        ("similar eval articles/bridge/picture.png --output out.jsonl", "UTF-8"),
        ("serve --host no.such.host.invalid", "cannot be listened on"),
    ],
)
def test_failure_ends_with_1_and_names_what_is_at_fault(planned: Newsroom, words: str, says: str) -> None:
    assert says in told(planned.command(*shlex.split(words), check=False), 1)


def test_a_bad_config_is_refused_with_file_and_key(room: Newsroom) -> None:
    room.write("config.toml", (room.root / "config.toml").read_text().replace('at = "08:00"', 'at = "8"'))
    assert "config.toml: newsletters.weekly.at:" in told(room.command("status", check=False), 2)
    room.write("config.toml", "[site\n")
    assert "config.toml:" in told(room.command("status", check=False), 2)


def test_a_source_that_cannot_be_read_fails_the_run_and_the_rest_is_done(newsroom: Make) -> None:
    more = '[[sources]]\nname = "lost"\nkind = "markdown"\npath = "lost"\nurl = "https://x.example/{slug}/"'
    room = newsroom(more=more)
    room.article("one", "en", "2026-10-01T09:00:00Z")
    room.readers("ann@example.com,en,weekly")
    done = room.command("run", check=False)
    told(done, 1)
    assert "source lost" in done.stdout
    assert len(room.mails) == 1
    examined = room.command("doctor", check=False)
    assert "source lost: " in examined.stdout
    told(examined, 1)


def test_progress_goes_to_standard_error_only(planned: Newsroom) -> None:
    assert json.loads(planned.command("publish", "--json").stdout)["written"] == []
    plain = planned.command("publish")
    assert "feeds:" in plain.stderr
    assert "feeds:" not in plain.stdout


def test_a_closed_pipe_is_no_event(planned: Newsroom) -> None:
    room = planned
    words = ("issue list --upcoming", "issue show 1 --json", "run")
    for verb in words:
        line = f"set -o pipefail; {shlex.quote(PROGRAM)} {verb} | true"
        done = subprocess.run(
            ["bash", "-c", line], cwd=room.root, env=os.environ, capture_output=True, text=True, timeout=60
        )
        noise = [x for x in done.stderr.splitlines() if not re.fullmatch(r"[\w -]+: \d+", x)]
        assert not noise, (verb, done.stderr)
        assert done.returncode in (0, 1)


def test_nobody_reading_progress_stops_no_mail(room: Newsroom) -> None:
    room.write("config.toml", (room.root / "config.toml").read_text().replace("approval = true", ""))
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([PROGRAM, "run"], cwd=room.root, stdout=writer, stderr=writer, timeout=60)
    os.close(writer)
    assert done.returncode in (0, 1)
    assert len(room.mails) == 2


def test_ctrl_c_ends_with_1_and_a_sentence_and_nothing_is_lost(newsroom: Make) -> None:
    room, readers = newsroom(), 1500
    room.article("one", "en", "2026-10-01T09:00:00Z")
    room.readers(*(f"reader{n}@example.com,en,weekly" for n in range(readers)))
    sender = subprocess.Popen(
        [PROGRAM, "run"], cwd=room.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 60
    while len(room.mails) < readers // 4:
        assert time.monotonic() < end, "the sender did not get that far"
        time.sleep(0.002)
    sender.send_signal(signal.SIGINT)
    _, said = sender.communicate(timeout=60)
    assert sender.returncode == 1
    assert "interrupted" in said
    assert "Traceback" not in said
    assert len(room.mails) < readers
    states = {state: n for state, _, n in room.data("issue", "show", "1")["deliveries"]}
    assert states == {"accepted": len(room.mails), "planned": readers - len(room.mails)}, "no mail in doubt"
    assert "interrupted: syndicate run" in room.command("status").stdout
    room.command("run")
    to = Counter(
        message_from_bytes(p.read_bytes(), policy=policy.default)["To"].addresses[0].addr_spec
        for p in room.mails
    )
    assert len(to) == readers
    assert set(to.values()) == {1}


def test_ctrl_c_ends_serving(room: Newsroom) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [PROGRAM, "serve", "--port", str(port)], cwd=room.root, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)
    server.send_signal(signal.SIGINT)
    _, said = server.communicate(timeout=60)
    assert server.returncode == 0, said
    assert "Traceback" not in said


def on_terminal(room: Newsroom, columns: int, *words: str) -> list[str]:
    """What a terminal of ``columns`` is sent, without colours."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen([PROGRAM, *words], cwd=room.root, env=environment, stdout=slave, stderr=slave)
    os.close(slave)
    read = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        read += chunk
    os.close(master)
    assert process.wait(timeout=60) == 0
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", read.decode()).replace("\r", "").splitlines()


def test_on_a_terminal_lines_fit_and_long_titles_are_cut(room: Newsroom) -> None:
    from rich.cells import cell_len

    room.article("long", "en", "2026-10-03T09:00:00Z", "A title that never ends, " * 8)
    room.article("long", "tr", "2026-10-03T09:00:00Z", "Ağrı’nın öbür yüzü, İğdeli’nin şehri " * 6)
    room.article("long", "ar", "2026-10-03T09:00:00Z", "البحر يتراجع: موانئ قزوين في المياه الضحلة " * 5)
    room.command("run")
    for columns in (80, 120):
        shown = on_terminal(room, columns, "issue", "show", "1")
        assert max(cell_len(line) for line in shown) <= columns, shown
        assert sum(line.rstrip().endswith("…") for line in shown) >= 3
        assert "Deliveries" in "\n".join(shown)
    header, row = (line.rstrip() for line in on_terminal(room, 80, "issue", "list") if line.strip())
    assert row.startswith("    1  weekly"), "numbers stand right"
    assert len(row) == len(header)


def test_a_title_commands_no_terminal(room: Newsroom) -> None:
    room.article("evil", "en", "2026-10-03T09:00:00Z", "Red \x1b[31m\u202e and gone\x07")
    room.write("articles/bad\x1b[2J/index.en.md", "---\ntitle: [unclosed\n---\nText\n")
    done = [room.command("run"), room.command("issue", "show", "1"), room.command("status")]
    assert any("bad" in one.stdout for one in done)
    for one in done:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", one.stdout), one.args


def test_a_locale_that_lacks_letters_stops_nothing(planned: Newsroom) -> None:
    room = planned
    done = subprocess.run(
        [PROGRAM, "issue", "show", "1"], cwd=room.root, capture_output=True, timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )  # fmt: skip
    assert done.returncode == 0
    assert b"\\u0131" in done.stdout
    data = subprocess.run(
        [PROGRAM, "issue", "show", "1", "--json"], cwd=room.root, capture_output=True, timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )  # fmt: skip
    assert "Iğdır’da köprü" in json.loads(data.stdout.decode("utf-8"))["titles"].values()


def test_an_issue_is_told_to_people(room: Newsroom) -> None:
    room.command("run")
    shown = room.command("issue", "show", "1").stdout
    assert "Stories for tr: 2 in, 0 out" in shown
    assert "  in   Iğdır’da köprü\n" in shown
    assert "  in   [en] The flood\n" in shown
    upcoming = room.command("issue", "list", "--upcoming").stdout
    assert "08:00 Europe/Istanbul" in upcoming
    room.article("desert", "tr", "2026-11-03T09:00:00Z", "Çöl")
    room.command("ingest")
    upcoming = room.command("issue", "list", "--upcoming").stdout
    assert re.search(r"en ru ar +tr +no more +Çöl", upcoming), upcoming
    assert "1 readers would get nothing" in upcoming


def test_status_groups_problems_by_source_and_says_what_waits(room: Newsroom) -> None:
    room.write("articles/broken/index.en.md", "---\ntitle: [unclosed\n---\nText\n")
    room.command("run")
    shown = room.command("status").stdout
    assert "articles: 1 left out" in shown
    assert "left out: broken/index.en.md" in shown
    assert "syndicate issue approve 1" in shown


def test_a_new_newsroom_works_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    offered = run("init", str(folder)).stdout.partition("Next: ")[2]
    done = subprocess.run(["sh", "-c", offered], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    examined = run("doctor", cwd=folder)
    assert examined.returncode == 0, examined.stdout
    assert "SYNDICATE_SECRET" in examined.stdout or "mode 600" in examined.stdout
    there = json.loads(run("status", "--json", cwd=folder).stdout)
    assert there["totals"]["articles"] == 1
    assert there["problems"] == []
    (issue,) = json.loads(run("issue", "list", "--json", cwd=folder).stdout)
    assert issue["issue"]["state"] == "empty"
    feed = feedparser.parse((folder / "var/public/feeds/en/atom.xml").read_bytes())
    assert not feed.bozo
    assert [entry.title for entry in feed.entries] == ["Hello"]
    assert json.loads(run("run", "--json", cwd=folder).stdout)["files_written"] == 0
    told(run("init", str(folder)), 1)


def test_the_settings_of_a_new_newsroom_are_all_there() -> None:
    """The keys of this repository's config.toml, which a test of the house holds complete, section by section."""
    name = re.compile(r"^(?:# )?(?:(\[\[?[a-z.]+\]\]?)|([a-z_]+) = )")

    def keys(path: Path) -> Counter[tuple[str, str]]:
        section, found = "", Counter[tuple[str, str]]()
        for line in path.read_text(encoding="utf-8").splitlines():
            if matched := name.match(line):
                section = matched[1] or section
                found[section, matched[2] or ""] += 1
        return found

    begun = ROOT / "src/syndicate/flows/begin.toml"
    ours = Counter({k: n for k, n in keys(ROOT / "config.toml").items() if "energy" not in k[0]})
    assert keys(begun) == ours
    assert tomllib.loads(begun.read_text(encoding="utf-8"))["newsletters"]["weekly"]


def test_doctor_finds_what_would_break_a_run(newsroom: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    room = newsroom(carrier="smtp", port=closed)
    text = (room.root / "config.toml").read_text().replace("https://news.", "http://news.")
    room.write("config.toml", text)
    room.write("templates/digest/mail.mjml.j2", "<mjml>\n{{ mail.nothing_of_the_kind }}\n</mjml>")
    monkeypatch.delenv("SYNDICATE_SECRET")
    secret = room.write("var/secret", "0123456789abcdef0123456789abcdef")
    secret.chmod(0o644)
    done = run("doctor", "--json", cwd=room.root)
    assert done.returncode == 1
    bad = {f["what"]: f for f in json.loads(done.stdout) if f["level"] == "BAD"}
    assert set(bad) == {"secret", "templates", "public address", "carrier smtp"}
    assert "chmod 600" in bad["secret"]["advice"]
    assert "mail.mjml.j2:2" in bad["templates"]["detail"]
    assert str(closed) in bad["carrier smtp"]["detail"]
    assert all(finding["advice"] for finding in bad.values())
    warned = {f["what"] for f in json.loads(done.stdout) if f["level"] == "warning"}
    assert {"readers", "source articles"} <= warned


def test_the_header_probe_tells_pythons_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    from syndicate.flows import doctor

    class Careless:
        def __init__(self, policy: object) -> None: ...

        def __setitem__(self, name: str, value: str) -> None: ...

        def as_bytes(self) -> bytes:
            return b"Subject: Hi\r\nBcc: evil@example.org\r\n\r\n"

    class Careful(Careless):
        def as_bytes(self) -> bytes:
            raise doctor.MessageError("Header value contains newline")

    monkeypatch.setattr(doctor, "EmailMessage", Careless)
    assert doctor.is_injectable()
    monkeypatch.setattr(doctor, "EmailMessage", Careful)
    assert not doctor.is_injectable()
