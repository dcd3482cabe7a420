"""What programs do by the API, from the first draft to the last mail in doubt, and with people. Every answer is held
against the description (``api_contract``); every change stands in the audit log, in the token's name."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import select
from tests.journeys.api_server import Program, Programs, lines, programs, told
from tests.journeys.console_server import READERS

from syndicate.flows import subscribe
from syndicate.model import COMMAND_LINE, Role
from syndicate.store import audit
from syndicate.store.tables import answered

CONFIRM = """
[staff]
confirm_above = 100
"""
REVIEW = 150
"""Readers of the review, whose issue waits."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    with programs(tmp_path_factory.mktemp("newsroom"), CONFIRM) as made:
        yield made
    monkeypatch.undo()


def done(program: Program, path: str, body: object = None, status: int = 200) -> Any:
    reply = program.post(path, body)
    assert reply.status == status, reply.text
    return told(reply)


def got(program: Program, path: str) -> Any:
    reply = program.get(path)
    assert reply.status == 200, reply.text
    return told(reply)


def number_of(api: Programs, email: str) -> int:
    return subscribe.find(api.desk.house.database, email).id


def errand(api: Programs, number: int) -> Any:
    """When it is done."""
    end = monotonic() + 30
    while monotonic() < end:
        found = got(api.client(Role.ADMIN), f"/api/errands/{number}")
        if found["state"] != "running":
            return found
        sleep(0.05)
    raise AssertionError("the errand does not end")


def test_an_issue_from_its_draft_to_its_end(api: Programs) -> None:
    editor, sender = api.client(Role.EDITOR), api.client(Role.SENDER)
    (waiting,) = got(editor, "/api/issues?newsletter=review&state=planned")["items"]
    home = f"/api/issues/{waiting['issue']['id']}"
    assert {one["language"] for one in waiting["languages"]} == {"en", "tr", "ar"}

    stories = [one["story"] for one in got(editor, f"{home}/editions")["items"][0]["items"]]
    draft = {"revision": 0, "left_out": stories[:1], "notes": {"en": "A note."}, "subjects": {"en": "Ours"}}
    assert done(editor, f"{home}/draft", draft)["revision"] == 1
    conflict = done(editor, f"{home}/draft", {**draft, "notes": {}}, 409)
    assert (conflict["code"], conflict["current"]["revision"]) == ("outdated", 1)
    assert conflict["current"]["notes"] == {"en": "A note."}
    assert done(editor, f"{home}/draft", draft)["revision"] == 1, "the same again is no conflict"
    assert done(editor, f"{home}/draft/undo", {"revision": 1})["notes"] == {}
    assert done(editor, f"{home}/draft", {**draft, "revision": 2})["revision"] == 3
    finished = done(editor, f"{home}/draft/finish")
    assert {"en": "Ours"}.items() <= {
        one["language"]: one["subject"] for one in finished["languages"]
    }.items()
    assert stories[0] not in {
        item["story"] for one in got(editor, f"{home}/editions")["items"] for item in one["items"]
    }

    outlook = got(sender, f"{home}/outlook")
    assert (outlook["people"], outlook["must_count"], outlook["needed"]) == (REVIEW, True, 1)
    unsaid = done(sender, f"{home}/approve", {}, 422)
    assert [one["field"] for one in unsaid["errors"]] == ["people"]
    assert done(sender, f"{home}/approve", {"people": REVIEW - 1}, 409)["code"] == "conflict"
    assert done(sender, f"{home}/approve", {"people": REVIEW, "seen": "1.1"}, 409)["code"] == "outdated"
    approved = done(sender, f"{home}/approve", {"people": REVIEW, "seen": outlook["mark"]})
    assert (approved["state"], approved["is_held"]) == ("approved", True)
    assert done(sender, f"{home}/draft", {**draft, "revision": 3, "notes": {}}, 409)["code"] == "conflict"
    assert done(sender, f"{home}/take-back")["state"] == "planned"
    later = (api.desk.clock.now + timedelta(hours=3)).isoformat()
    assert done(sender, f"{home}/approve", {"people": REVIEW, "leave": later})["not_before"] == later.replace(
        "+00:00", "Z"
    )
    assert done(sender, f"{home}/let-go")["is_held"] is False

    assert done(sender, f"{home}/pause")["issue"]["state"] == "paused"
    assert done(sender, f"{home}/pause")["issue"]["state"] == "paused", "asked again, nothing changes"
    assert done(sender, f"{home}/resume")["issue"]["state"] == "approved"
    progress = got(sender, f"{home}/progress")
    assert (progress["owed"], progress["left"], progress["has_clock"]) == (REVIEW, REVIEW, False)
    old = done(sender, f"{home}/cancel", {"seen": outlook["mark"]}, 409)
    assert old["code"] == "outdated"
    assert done(sender, f"{home}/cancel", {"seen": progress["mark"]})["issue"]["state"] == "cancelled"

    log = [
        (name, action) for name, action, subject in lines(api) if subject == f"issue {waiting['issue']['id']}"
    ]
    by_sender, by_editor = "Sender One (a program)", "Editor One (a program)"
    assert log == [
        (by_sender, "issue.cancel"), (by_sender, "issue.resume"), (by_sender, "issue.pause"),
        (by_sender, "issue.let-go"), (by_sender, "issue.approve"), (by_sender, "issue.take-back"),
        (by_sender, "issue.approve"), (by_editor, "issue.draft"), (by_editor, "issue.undo"),
        (by_editor, "issue.draft"),
    ]  # fmt: skip


def test_an_issue_is_checked_and_tried(api: Programs) -> None:
    editor, sender = api.client(Role.EDITOR), api.client(Role.SENDER)
    (sent,) = got(editor, "/api/issues?newsletter=weekly&state=sent")["items"]
    home = f"/api/issues/{sent['issue']['id']}"
    checks = {one["check"]: one for one in got(editor, f"{home}/preflight")["checks"]}
    assert checks["size"]["level"] == "ok"
    assert all(one["findings"] for one in checks.values() if one["level"] in ("note", "stop"))
    tried = done(editor, f"{home}/test", {"languages": ["tr"]})["items"]
    assert [(one["language"], one["state"]) for one in tried] == [("tr", "accepted")]
    assert done(sender, f"{home}/test/list", None, 409)["code"] == "conflict", "there is nobody on it"
    assert editor.post(f"{home}/test/list").status == 403
    subject = f"test of issue {sent['issue']['id']}"
    assert ("Editor One (a program)", "issue.test", subject) in lines(api)


def test_what_went_out_is_told(api: Programs) -> None:
    sender = api.client(Role.SENDER)
    (sent,) = got(sender, "/api/issues?newsletter=weekly&state=sent")["items"]
    home = f"/api/issues/{sent['issue']['id']}"
    report = got(sender, f"{home}/report")
    assert (report["whole"]["owed"], report["whole"]["sent"], report["missing"]) == (REVIEW, REVIEW, 0)
    assert sum(one["sent"] for one in report["languages"]) == REVIEW
    assert [(one["name"], one["sent"]) for one in report["domains"]] == [("example.org", REVIEW)]
    assert got(sender, f"{home}/progress")["is_over"] is True
    assert done(sender, f"{home}/missing")["people"]["owed again"] == 0
    assert done(sender, f"{home}/settle", {"ruling": "delivered"})["people"] == {"delivered": 0}
    assert got(sender, f"{home}/in-doubt") == {"items": [], "people": 0, "next": None}
    assert got(sender, f"{home}/missed?fate=bounced")["people"] == 0
    assert sender.get(f"{home}/missed?fate=lost").status == 422
    assert done(sender, f"{home}/settle", {"ruling": "burn"}, 422)["errors"][0]["field"] == "ruling"


def test_where_things_stand(api: Programs) -> None:
    viewer = api.client(Role.VIEWER)
    me = {"staff": api.desk.members[Role.VIEWER], "name": "Viewer One (a program)", "role": "viewer"}
    assert got(viewer, "/api/me") == me
    assert got(viewer, "/api/status")["has_clock"] is False
    keys = [one["key"] for one in got(viewer, "/api/newsletters")["items"]]
    assert keys == ["weekly", "water", "review"]
    coming = got(viewer, "/api/newsletters/weekly/upcoming")
    assert [one["name"] for one in coming["slots"]][:1] == ["2026-05-11"]
    assert viewer.get("/api/newsletters/none/upcoming").status == 404
    nothing = api.client(Role.EDITOR).post("/api/newsletters/weekly/prepare")
    assert (nothing.status, told(nothing)["code"]) == (409, "conflict"), "there is nothing new"
    (source,) = got(viewer, "/api/sources")["items"]
    assert (source["name"], source["left_out"]) == ("articles", 0)


def test_stories_are_found_by_their_words(api: Programs) -> None:
    viewer = api.client(Role.VIEWER)
    (found,) = got(viewer, "/api/stories?words=harbour")["items"]
    assert found["title"] == "The harbour at night"
    one = got(viewer, f"/api/stories/{found['id']}")
    assert {article["language"] for article in one["articles"]} == {"en", "tr", "ar"}
    assert {choice["newsletter"] for choice in one["choices"]} == {"weekly", "water", "review"}
    lacking = got(viewer, "/api/stories?without=ar")["items"]
    assert {story["title"] for story in lacking} == {"A school by the river", "After the rain"}
    assert viewer.get("/api/stories/none").status == 404


def test_a_story_is_corrected_withdrawn_and_put_back(api: Programs) -> None:
    editor, sender = api.client(Role.EDITOR), api.client(Role.SENDER)
    (found,) = got(editor, "/api/stories?words=market")["items"]
    home = f"/api/stories/{found['id']}"
    outlook = got(editor, f"{home}/outlook")
    assert {one["language"]: one["got"] for one in outlook["reached"]} == {"en": 50, "tr": 50, "ar": 50}
    note = {"notes": {"tr": "Pazar salı günleri kurulur."}, "mail": ["tr"]}
    assert done(editor, f"{home}/correct", {"notes": {"kk": "x"}}, 422)["code"] == "invalid"
    (issue,) = done(editor, f"{home}/correct", {**note, "seen": outlook["mark"]})["issues"]
    assert (issue["newsletter"], issue["state"], issue["corrects"]) == ("weekly", "planned", found["id"])
    assert got(sender, f"/api/issues/{issue['id']}/outlook")["languages"] == {"tr": 50}
    assert done(editor, f"{home}/correct", {**note, "seen": outlook["mark"]}, 409)["code"] == "outdated"
    assert got(editor, f"{home}/outlook")["notes"] == note["notes"]
    assert editor.post(f"{home}/withdraw").status == 403
    affected = done(sender, f"{home}/withdraw", {"language": "tr"})["affected"]
    assert (issue["id"], "cancelled") in [(one["issue"]["id"], one["upshot"]) for one in affected]
    assert got(editor, f"{home}/outlook")["withdrawn"] == ["tr"]
    assert done(sender, f"{home}/put-back")["languages"] == ["tr"]
    assert done(sender, f"{home}/put-back")["languages"] == []


def test_somebody_is_added_found_changed_and_erased(api: Programs) -> None:
    editor, sender, admin = (api.client(role) for role in (Role.EDITOR, Role.SENDER, Role.ADMIN))
    email = "Ayse@example.org"
    newcomer = {"email": email, "name": "Ayşe", "languages": ["tr", "en"], "newsletters": ["weekly"]}
    assert done(sender, "/api/subscribers", newcomer, 422)["errors"][0]["field"] == "consent"
    unmailable = {**newcomer, "email": "ayşe@example.org", "consent": "x"}
    assert done(sender, "/api/subscribers", unmailable, 422)["errors"][0]["field"] == "email"
    wrong = done(sender, "/api/subscribers", {**newcomer, "newsletters": ["none"], "consent": "x"}, 422)
    assert wrong["errors"][0]["field"] == "newsletters"
    number = done(sender, "/api/subscribers", {**newcomer, "consent": "at the fair"})["id"]
    found = done(editor, "/api/subscribers/find", {"email": email.upper()})
    assert (found["subscriber"]["id"], found["subscriber"]["languages"]) == (number, ["tr", "en"])
    home = f"/api/subscribers/{number}"
    monthly = {"newsletters": {"weekly": "monthly"}}
    assert done(sender, f"{home}/change", {"newsletters": {"weekly": "hourly"}}, 422)["code"] == "invalid"
    assert (
        done(sender, f"{home}/change", {"timezone": "Nowhere/At_All"}, 422)["errors"][0]["field"]
        == "timezone"
    )
    assert done(sender, f"{home}/change", {"name": "Ayşe K.", "timezone": "Europe/Istanbul", **monthly}) == {
        "id": number
    }
    assert done(sender, f"{home}/tags", {"tags": ["Patron"]}) == {"id": number}
    person = got(editor, home)
    assert person["tags"] == ["patron"]
    assert person["subscriber"]["subscriptions"] == [{"newsletter": "weekly", "cadence": "monthly"}]
    assert (person["subscriber"]["name"], person["subscriber"]["languages"]) == ("Ayşe K.", ["tr", "en"])
    assert done(sender, f"{home}/unsubscribe")["ended"] == ["weekly"]
    assert done(sender, f"{home}/unsubscribe")["ended"] == []
    assert "unsubscribed" in [one["what"] for one in got(editor, f"{home}/history")["items"]]
    assert sender.post(f"{home}/erase").status == 403
    assert done(admin, f"{home}/erase") == {"id": number}
    assert editor.get(home).status == 404
    suppressed = done(editor, "/api/suppressions/find", {"email": email})
    assert suppressed == {"reason": "erased", "may_be_lifted": False}
    assert (
        done(admin, "/api/suppressions/lift", {"email": email, "why": "a mistake"}, 422)["code"] == "invalid"
    )
    assert done(sender, "/api/subscribers", {**newcomer, "consent": "again"}, 409)["code"] == "conflict"
    assert got(editor, "/api/suppressions")["reasons"] == {"erased": 1}


def test_everybody_is_walked_through_once(api: Programs) -> None:
    editor, seen, onward = api.client(Role.EDITOR), list[int](), ""
    while True:
        page = got(editor, f"/api/subscribers?language=ar&domain=example.org{onward}")
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        onward = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == READERS // 3


def test_a_list_is_rehearsed_and_then_taken_in(api: Programs) -> None:
    admin = api.client(Role.ADMIN)
    body = b"email,languages,newsletters\nlist1@example.net,en,weekly\nlist2@example.net,tr,weekly\nnobody,en,weekly\n"
    path = "/api/subscribers/import?name=fair.csv"
    assert admin.send(path, body, content_type="application/json").status == 415
    begun = admin.send(path, body, key="fair", content_type="text/csv")
    assert begun.status == 202
    assert admin.send(path, body, key="fair", content_type="text/csv").body == begun.body
    number = told(begun)["errand"]
    rehearsed = errand(api, number)
    assert (rehearsed["kind"], rehearsed["counts"]["added"]) == ("rehearsal", 2)
    assert [one["line"] for one in rehearsed["refused"]] == ["4"]
    find = {"email": "list1@example.net"}
    assert done(admin, "/api/subscribers/find", find)["subscriber"] is None, "nothing is changed yet"
    assert done(admin, f"/api/errands/{number}/do", None, 202) == {"errand": number}
    assert errand(api, number)["kind"] == "import"
    assert done(admin, "/api/subscribers/find", find)["subscriber"]["email"] == "list1@example.net"
    assert done(admin, f"/api/errands/{number}/do", None, 422)["code"] == "invalid", "the file is gone"
    segment = {"segment": {"domain": "example.net"}, "tag": "Fair"}
    tagged = done(api.client(Role.SENDER), "/api/subscribers/tag", segment, 202)["errand"]
    assert errand(api, tagged)["counts"] == {"tagged": 2, "unchanged": 0}
    assert "fair" in got(admin, "/api/segments")["tags"]
    exported = admin.post("/api/subscribers/export", {"tag": "fair"})
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    assert {row["email"] for row in rows} == {"list1@example.net", "list2@example.net"}
    actions = [action for name, action, _ in lines(api) if name == "Admin One (a program)"]
    assert {"list.rehearse", "list.import", "subscribers.export", "subscribers.exported"} <= set(actions)


def test_the_log_is_read_page_by_page_and_nobody_stands_in_it(api: Programs) -> None:
    admin, seen, onward = api.client(Role.ADMIN), list[int](), ""
    number = number_of(api, "reader7@example.org")
    done(api.client(Role.SENDER), f"/api/subscribers/{number}/tags", {"tags": ["noted"]})
    with api.desk.house.database.begin() as connection:
        for _ in range(59):
            audit.note(
                connection, COMMAND_LINE, "subscriber.tags", f"subscriber {number}", api.desk.clock.now
            )
    while True:
        page = got(admin, f"/api/audit?subject=subscriber+{number}{onward}")
        seen += [one["id"] for one in page["items"]]
        assert "@" not in str(page)
        if page["next"] is None:
            break
        onward = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 60
    with api.desk.house.database.read() as connection:
        kept = connection.execute(select(answered.c.body)).scalars().all()
    assert kept
    assert not [body for body in kept if "@example" in body], "who is erased is not in what was answered"
