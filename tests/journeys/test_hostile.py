"""A newsroom that is hostile in everything it says: nothing active, nothing forged, nothing lost in silence."""

import email
import email.policy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import feedparser
import html5lib
import pytest
from lxml import etree

from . import hostile
from .conftest import ROOT, Newsroom

CHECKER = ROOT.parent / "shared" / "tools" / "eml_check.py"
HEADERS = {
    "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "content-language",
    "list-id", "list-unsubscribe", "list-unsubscribe-post", "list-archive", "auto-submitted", "precedence",
    "feedback-id", "reply-to", "list-help", "x-auto-response-suppress",
}  # fmt: skip
TITLES_SAY = {"tmpl.left", "alt.words", "lang.footer"}
"""Checks that take what these articles say, shown as the text it is, for markup, slots and links of ours."""
PLAIN_SOURCE = """
[[sources]]
name = "articles"
kind = "markdown"
path = "articles"
url = "https://gazette.example.org/{language}/{slug}/"

[newsletters.daily]
title = { en = "Daily" }
cadence = "daily"
at = "00:00"
"""
ACTIVE = {
    "script",
    "iframe",
    "object",
    "embed",
    "form",
    "input",
    "button",
    "base",
    "applet",
    "svg",
    "math",
    "frame",
}
SCHEMES = ("http:", "https:", "mailto:", "tel:", "#", "/", ".", "?")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """The hostile newsroom after its first run."""
    made = Newsroom(tmp_path_factory.mktemp("hostile") / "newsroom")
    made.root.mkdir()
    hostile.newsroom(made.root)
    made.write("config.toml", hostile.SETTINGS)
    before = files_of(made.root)
    synced = made.command("subscribers", "sync", check=False)
    ran = made.command("run", "--json", check=False)
    made.write("var/first.json", ran.stdout)
    assert "Traceback" not in synced.stderr + ran.stderr, (synced.stderr + ran.stderr)[-2000:]
    assert (synced.returncode, ran.returncode) == (0, 1), ran.stderr[-2000:]
    assert files_of(made.root) == before, "files were written outside var/"
    return made


def files_of(root: Path) -> set[Path]:
    """Everything in and beside the newsroom, its ``var`` left out."""
    var = root / "var"
    return {p for p in root.parent.rglob("*") if p != var and not p.is_relative_to(var)}


def first(room: Newsroom) -> dict[str, object]:
    return json.loads((room.root / "var/first.json").read_text())  # type: ignore[no-any-return]


def problems(room: Newsroom) -> dict[str, str]:
    """Place to reasons of what was left out."""
    found: dict[str, str] = {}
    for one in first(room)["ingest"]["problems"]:  # type: ignore[index]
        if one["fatal"]:
            found[one["place"]] = found.get(one["place"], "") + one["reason"]
            assert one["reason"]
            assert one["advice"], one
    return found


def test_a_source_that_cannot_be_read_is_named_and_the_others_go_on(room: Newsroom) -> None:
    left_out = problems(room)
    assert {f"source {name}" for name in hostile.REFUSED} == {p for p in left_out if p.startswith("source ")}
    told = json.dumps(room.data("subscribers", "show", "ok@lists.example.net"))
    assert "daily" in told
    assert len(room.mails) >= 7


def test_every_file_is_an_article_or_named_with_a_reason(room: Newsroom) -> None:
    left_out = " ".join(problems(room))
    with room.open().database.read() as connection:
        rows = connection.exec_driver_sql("SELECT item FROM article").fetchall()
    taken = {row[0] for row in rows}
    for source in ("articles", "pages"):
        folder = room.root / source
        for path in folder.rglob("*"):
            key = path.relative_to(folder).as_posix()
            is_article = path.suffix in (".md", ".html", ".txt") and "_authors" not in key
            if is_article and path.is_file() and not path.is_symlink():
                assert key in taken or key in left_out, key


def test_a_run_again_does_nothing(room: Newsroom) -> None:
    before = {p: p.stat().st_mtime_ns for p in (room.root / "var" / "public").rglob("*")}
    mails = room.mails
    again = json.loads(room.command("run", "--json", check=False).stdout)
    assert again["ingest"]["added"] == again["ingest"]["changed"] == again["ingest"]["withdrawn"] == 0
    assert again["files_written"] == again["accepted"] == 0
    assert {p: p.stat().st_mtime_ns for p in (room.root / "var" / "public").rglob("*")} == before
    assert room.mails == mails


def test_what_is_outside_the_newsroom_is_not_told(room: Newsroom) -> None:
    inside = b"".join(p.read_bytes() for p in room.public.rglob("*") if p.is_file() and p.suffix != ".gz")
    for secret in (b"Secret outside", b"SECRET", b"root:x:0", b"root:"):
        assert secret not in inside
    served = {p.suffix for p in (room.public / "media").rglob("*")}
    assert served <= {".png", ".jpg", ".gif", ".webp"}


def test_feeds_are_strict_and_hold_nothing_active(room: Newsroom) -> None:
    paths = list(room.public.rglob("feeds/**/*.xml"))
    assert len(paths) > 10
    for path in paths:
        data = path.read_bytes()
        tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
        assert not feedparser.parse(data, sanitize_html=False).bozo, path
        for fragment in fragments(tree):
            assert dangers(fragment) == [], path
    for path in room.public.rglob("feed.json"):
        for item in json.loads(path.read_text())["items"]:
            assert dangers(item["content_html"]) == [], path


def fragments(tree: etree._Element) -> Iterator[str]:
    """The HTML that readers will show: Atom's contents, RSS's encoded contents and descriptions."""
    for node in tree.iter("{*}content", "{*}encoded", "{*}description", "{*}summary", "{*}title"):
        if node.get("type") != "xhtml":
            # a plain title is no HTML; whoever takes it for HTML all the same must find nothing
            yield node.text or ""
        for child in node:
            yield etree.tostring(child, encoding="unicode", with_tail=False)


def dangers(html: str, allowed: frozenset[str] = frozenset()) -> list[str]:
    found = []
    for element in html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False).iter():
        tag = element.tag.lower() if isinstance(element.tag, str) else ""
        found += [tag] if tag in ACTIVE - allowed else []
        for name, value in element.attrib.items():
            found += [f"{name}="] if str(name).lower().startswith("on") else []
            if name in ("href", "src", "poster", "cite", "action"):
                value = value.removeprefix("data:,")  # an icon that is none
                found += [] if value.startswith(SCHEMES) or ":" not in value else [f"{name}={value}"]
    return found


def test_pages_hold_no_script_but_ours(room: Newsroom) -> None:
    pages = list(room.public.rglob("*.html"))
    assert pages
    for path in pages:
        tree = html5lib.parse(path.read_text(), treebuilder="etree", namespaceHTMLElements=False)
        for element in tree.iter("script"):
            assert not (element.text or "").strip(), path
            assert "://" not in element.get("src", ""), path
        found = dangers(path.read_text(), frozenset({"script", "form", "input", "button"}))
        assert found == [], path
        assert "\ue000" not in path.read_text()


def test_mails_have_the_headers_we_wrote_and_no_others(room: Newsroom) -> None:
    for path in room.mails:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        names = [name.lower() for name in message]
        assert set(names) <= HEADERS, set(names) - HEADERS
        assert len(names) == len(set(names))
        assert not any(part.defects for part in message.walk()), path
        for value in message.values():
            assert not getattr(value, "defects", ()), value
            assert not {"\n", "\r"} & set(value)
        assert [a.domain for a in message["To"].addresses] in (
            ["lists.example.net"],
            ["xn--rnek-5qa.example"],
        )
        assert [a.addr_spec for a in message["From"].addresses] == ["letters@news.gazette.example.org"]
        html = message.get_body(("html",)).get_content()
        text = message.get_body(("plain",)).get_content()
        assert dangers(html) == [], path
        assert len(html.encode()) <= 80_000
        for inside in (html, text):
            assert not {"\ue000", "\ue001", "\x00", "\u202e"} & set(inside)
            assert "49" not in inside or "{{ 7*7 }}" in inside


@pytest.mark.skipif(not CHECKER.is_file(), reason="../shared/tools/eml_check.py is not beside the repository")
def test_mails_pass_the_strict_checks(room: Newsroom) -> None:
    checked = [sys.executable, str(CHECKER), "--strict", "--quiet", *map(str, room.mails)]
    done = subprocess.run(checked, capture_output=True, text=True, check=False)
    complaints = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    found = [" ".join(c) for c in complaints if c[0] in ("FAIL", "WARN") and c[1] not in TITLES_SAY]
    assert done.stdout
    assert found == []


@pytest.mark.parametrize("name", ["digest/mail.mjml.j2", "digest/mail.txt.j2", "pages/feeds_base.html.j2"])
def test_a_broken_template_is_named_and_the_next_run_goes_on(tmp_path: Path, name: str) -> None:
    made = Newsroom(tmp_path / "newsroom")
    made.root.mkdir()
    hostile.article(made.root, "only", "The only article")
    made.write("config.toml", hostile.SETTINGS.partition("[[sources]]\nname = ")[0] + PLAIN_SOURCE)
    made.write("subscribers/list.csv", "email,languages,newsletters\na@lists.example.net,en,daily\n")
    made.command("subscribers", "sync")
    broken = made.write(f"templates/{name}", (ROOT / "templates" / name).read_text() + "\n{% if %}\n")
    line = len(broken.read_text().splitlines())
    failed = made.command("run", check=False)
    assert failed.returncode == 1
    assert f"{broken}:{line}:" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert made.mails == []
    broken.unlink()
    made.command("run")
    assert len(made.mails) == 1
