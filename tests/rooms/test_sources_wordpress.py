"""WordPress, read from a small server that answers as its REST API is documented to. Real sockets, no network.

The answers under ``data/wordpress`` are written after the REST API handbook, Polylang's and WPML REST API's
documentation, and Co-Authors Plus 3.6.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from syndicate.model import ArticleState, Found, Gone, Manuscript, Problem, SourceError, SourceItem, Touched
from syndicate.sources.fetch import FetchSettings
from syndicate.sources.wordpress import WordPressSettings, read
from syndicate.sources.wordpress.translation import passes

DATA = Path(__file__).parent / "data" / "wordpress"
NOW = datetime(2024, 6, 1, tzinfo=UTC)
Json = dict[str, Any]
PASSWORD = "abcd EFGH 1234 ijkl"


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text("utf-8"))


@dataclass
class Site:
    """What the server has and how it behaves. ``faults`` maps a route to (status, body, headers) answers."""

    posts: list[Json] = field(default_factory=list)
    users: dict[str, list[Json]] = field(default_factory=dict)
    coauthors: list[Json] = field(default_factory=list)
    filters_language: bool = True
    default_language: str = ""
    is_plain: bool = False
    faults: dict[str, list[tuple[int, bytes, dict[str, str]]]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    on_page: Callable[["Site", dict[str, str]], None] = lambda site, query: None

    def answer(self, path: str, query: dict[str, str], auth: str) -> tuple[int, Any, dict[str, str]]:
        route = query.pop("rest_route", "").strip("/") if self.is_plain else path.removeprefix("/wp-json/")
        self.asked.append((route, query))
        if self.is_plain and not route:
            return 404, b"<html><title>Not found</title>", {}
        if self.faults.get(route):
            return self.faults[route].pop(0)
        expected = "Basic " + base64.b64encode(f"editor:{PASSWORD}".encode()).decode()
        is_editor = auth == expected
        match route:
            case "wp/v2/users/me":
                # as Debian's WordPress 6.1 does: a wrong password is nobody's, and only told here
                nobody = _error("rest_not_logged_in", "You are not currently logged in.", 401)
                return (200, {"id": 1}, {}) if is_editor else (401, nobody, {})
            case "wp/v2/posts":
                return self._posts(query, is_editor)
            case "wp/v2/users":
                return _paged(self._users(query), query)
            case "coauthors/v1/coauthors" if self.coauthors:
                return 200, self.coauthors, {}
        return (
            404,
            _error("rest_no_route", "No route was found matching the URL and request method.", 404),
            {},
        )

    def _users(self, query: dict[str, str]) -> list[Json]:
        return self.users.get(query.get("lang", ""), self.users.get(self.default_language or "en", []))

    def _posts(self, query: dict[str, str], is_editor: bool) -> tuple[int, Any, dict[str, str]]:
        statuses = set(query.get("status", "publish").split(","))
        if statuses - {"publish"} and not is_editor:
            return 400, _error("rest_invalid_param", "Invalid parameter(s): status", 400), {}
        self.on_page(self, query)
        found = [p for p in self.posts if p["status"] in statuses]
        if self.filters_language and (lang := query.get("lang", self.default_language)):
            found = [p for p in found if _language(p) == lang]
        if "include" in query:
            found = [p for p in found if str(p["id"]) in query["include"].split(",")]
        for name, column in (("modified_after", "modified_gmt"), ("after", "date_gmt")):
            if name in query:
                since = datetime.fromisoformat(query[name]).replace(tzinfo=None)
                found = [p for p in found if p[column] and datetime.fromisoformat(p[column]) > since]
        found.sort(key=lambda p: p["modified_gmt"], reverse=True)
        if fields := query.get("_fields"):
            found = [{k: p[k] for k in fields.split(",") if k in p} for p in found]
        elif "_embed" not in query:
            found = [{k: v for k, v in p.items() if k != "_embedded"} for p in found]
        return _paged(found, query)


def _language(post: Json) -> str:
    return str(post.get("lang") or post.get("wpml_current_locale", "en"))[:2]


def _error(code: str, message: str, status: int) -> Json:
    return {"code": code, "message": message, "data": {"status": status}}


def _paged(found: list[Json], query: Mapping[str, str]) -> tuple[int, Any, dict[str, str]]:
    size, page = int(query.get("per_page", 10)), int(query.get("page", 1))
    pages = -(-len(found) // size)
    if page > max(pages, 1):
        return (
            400,
            _error("rest_post_invalid_page_number", "The page number requested is too large.", 400),
            {},
        )
    headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
    return 200, found[(page - 1) * size : page * size], headers


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        site: Site = self.server.site  # type: ignore[attr-defined]
        status, body, headers = site.answer(
            parts.path, dict(parse_qsl(parts.query)), self.headers.get("Authorization", "")
        )
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    found = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    found.daemon_threads = True
    threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


Reader = Callable[..., list[SourceItem]]


@pytest.fixture
def run(server: ThreadingHTTPServer) -> Reader:
    """Reads ``site`` with the given settings and known keys."""

    def reader(site: Site, known: Mapping[str, str] | None = None, **more: Any) -> list[SourceItem]:
        server.site = site  # type: ignore[attr-defined]
        return list(read(wp(server, **more), known or {}, NOW, sleep=lambda seconds: None))

    return reader


def wp(server: ThreadingHTTPServer, **more: Any) -> WordPressSettings:
    here = f"127.0.0.1:{server.server_address[1]}"
    values = {"languages": ("tr", "en", "ru"), "default_language": "en", "page_size": 2, **more}
    return WordPressSettings(
        name="wp", url=f"http://{here}", fetch=FetchSettings(allow_private=(here,)), **values
    )


def manuscripts(items: list[SourceItem]) -> dict[str, Manuscript]:
    return {m.key: m for item in items if isinstance(item, Found) for m in item.manuscripts}


def remembered(items: list[SourceItem], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the store would know after these items."""
    after = dict(known or {})
    for item in items:
        if isinstance(item, Found | Touched):
            after[item.key] = item.fingerprint
        elif isinstance(item, Gone):
            after.pop(item.key, None)
    return after


@pytest.fixture
def polylang() -> Site:
    return Site(load("polylang.json"), load("users.json"))


@pytest.fixture
def wpml() -> Site:
    return Site(load("wpml.json"), load("users.json"), default_language="tr")


def test_every_published_post_of_every_language_is_read_once(run: Reader, polylang: Site) -> None:
    found = manuscripts(run(polylang))
    assert {key: m.language for key, m in found.items()} == {"10": "tr", "11": "en", "12": "ru", "20": "en"}
    assert {m.group for key, m in found.items() if key != "20"} == {"10"}
    assert found["20"].group == "20"


def test_a_post_is_clean_decoded_and_dated_in_utc(run: Reader, polylang: Site) -> None:
    m = manuscripts(run(polylang))["11"]
    assert m.title == "A new line on the Caspian – <fast> & cheap"
    assert m.published == datetime(2024, 5, 1, 8, tzinfo=UTC)
    assert m.updated == datetime(2024, 5, 3, 9, tzinfo=UTC)
    assert "script" not in m.body_html
    assert "onerror" not in m.body_html
    assert [(n.number, n.html) for n in m.footnotes] == [(1, "Port Authority, 2024.")]
    assert [i.url.rpartition("/")[2] for i in m.images] == ["quay.jpg", "map.png"]
    assert (m.images[0].alt, m.images[0].caption, m.images[0].width) == (
        "Cranes over a quay",
        "The quay at Alat. Photo: AP",
        1600,
    )
    assert [(t.slug, t.label) for t in m.tags] == [("trade-ports", "Trade & Ports"), ("hazar", "Hazar")]
    assert [(c.key, c.name) for c in m.authors] == [("ayse-demir", "Ayşe Demir")]
    assert m.state is ArticleState.PUBLISHED


def test_summaries_are_kept_but_not_those_wordpress_made(run: Reader, polylang: Site) -> None:
    found = manuscripts(run(polylang))
    assert found["10"].summary == "Feribot hattı açıldı."
    assert found["11"].summary == ""


def test_links_to_other_posts_are_kept(run: Reader, polylang: Site) -> None:
    assert manuscripts(run(polylang))["10"].links == ("https://news.example/en/post-11/",)


def test_bios_come_in_each_language(run: Reader, polylang: Site) -> None:
    (author,) = [
        a for item in run(polylang) if isinstance(item, Found) and item.key == "user/2" for a in item.authors
    ]
    assert {b.language: b.text[:6] for b in author.bios} == {"tr": "Limanl", "en": "Writes", "ru": "Пишет "}
    assert author.photo == "https://secure.example/a?s=96"
    assert [link.url for link in author.links] == ["https://ayse.example"]


def test_an_untranslated_bio_is_labelled_with_its_own_language(run: Reader, polylang: Site) -> None:
    turkish = polylang.users["tr"]
    polylang.users = {"tr": turkish, "en": turkish, "ru": turkish}
    (author,) = [
        a for item in run(polylang) if isinstance(item, Found) and item.key == "user/2" for a in item.authors
    ]
    assert [b.language for b in author.bios] == ["tr"]


def test_polylang_keeps_bios_as_fields_too(run: Reader, polylang: Site) -> None:
    one = polylang.users["en"][0] | {"meta": {"description_tr": "Limanlar üzerine yazıyor."}}
    polylang.users = {"en": [one]}
    (author,) = [
        a for item in run(polylang) if isinstance(item, Found) and item.key == "user/2" for a in item.authors
    ]
    assert {b.language for b in author.bios} == {"tr", "en"}


def test_closed_user_listings_leave_the_author_that_came_with_the_post(run: Reader, polylang: Site) -> None:
    polylang.faults["wp/v2/users"] = [
        (401, json.dumps(_error("rest_user_cannot_view", "No.", 401)).encode(), {})
    ] * 9
    found = [item for item in run(polylang) if isinstance(item, Found)]
    assert {a.key for item in found for a in item.authors} == {"ayse-demir"}
    assert {b.language for item in found for a in item.authors for b in a.bios} == {"tr"}


def test_wpml_sets_are_read_language_by_language(run: Reader, wpml: Site) -> None:
    found = manuscripts(run(wpml, default_language="tr"))
    assert {key: (m.language, m.group) for key, m in found.items()} == {
        "30": ("tr", "30"),
        "31": ("en", "30"),
        "32": ("ru", "30"),
    }


def test_without_a_plugin_the_language_is_detected_and_read_in_one_pass(run: Reader, polylang: Site) -> None:
    for post in polylang.posts:
        post.pop("lang")
        post.pop("translations")
    polylang.filters_language = False
    found = manuscripts(run(polylang))
    assert {key: m.language for key, m in found.items()} == {"10": "tr", "11": "en", "12": "ru", "20": "en"}
    assert {m.group for m in found.values()} == {"10", "11", "12", "20"}
    assert not any("lang" in query for route, query in polylang.asked if "orderby" in query)


def test_guests_are_credited_with_their_bio(run: Reader, polylang: Site) -> None:
    polylang.coauthors = load("coauthors.json")
    polylang.posts = [p | {"coauthors": [5, 9]} for p in polylang.posts if p["id"] == 20]
    items = run(polylang)
    assert [c.name for c in manuscripts(items)["20"].authors] == ["Ayşe Demir", "Guest O’Neil"]
    (guest,) = [a for i in items if isinstance(i, Found) and i.key == "20" for a in i.authors]
    assert (guest.key, guest.bios[0].language) == ("guest-oneil", "en")


def test_the_second_time_nothing_is_said(run: Reader, polylang: Site) -> None:
    known = remembered(run(polylang))
    assert known["cursor"] == "2024-05-04T09:00:00Z"
    polylang.asked.clear()
    assert run(polylang, known) == []
    assert all("modified_after" in q or "after" in q for r, q in polylang.asked if "orderby" in q)
    assert not any(q.get("orderby") == "id" for r, q in polylang.asked)


def test_a_change_is_found_and_moves_the_cursor(run: Reader, polylang: Site) -> None:
    known = remembered(run(polylang))
    polylang.posts[2] |= {"modified_gmt": "2024-05-20T10:00:00", "title": {"rendered": "Иначе"}}
    items = run(polylang, known)
    assert [m.title for m in manuscripts(items).values()] == ["Иначе"]
    assert items[-1] == Touched("cursor", "2024-05-20T10:00:00Z")


def test_a_scheduled_post_that_comes_out_unmodified_is_found(run: Reader, polylang: Site) -> None:
    late = deepcopy(polylang.posts[3]) | {"id": 40, "status": "future", "modified_gmt": "2024-04-01T00:00:00"}
    late |= {"date_gmt": "2024-05-04T10:00:00", "translations": {"en": 40}}
    polylang.posts.append(late)
    known = remembered(run(polylang))
    late["status"] = "publish"
    assert set(manuscripts(run(polylang, known))) == {"40"}


def test_a_post_that_slipped_through_is_fetched_by_its_id(run: Reader, polylang: Site) -> None:
    known = remembered(run(polylang))
    old = deepcopy(polylang.posts[3]) | {
        "id": 41,
        "modified_gmt": "2020-01-01T00:00:00",
        "translations": {"en": 41},
    }
    polylang.posts.append(old | {"date_gmt": "2020-01-01T00:00:00"})
    assert set(manuscripts(run(polylang, known))) == {"41"}


def test_a_post_taken_out_is_gone(run: Reader, polylang: Site) -> None:
    known = remembered(run(polylang))
    polylang.posts[3]["status"] = "draft"
    assert run(polylang, known) == [Gone("20")]


def test_the_trash_is_looked_into_with_a_password(run: Reader, polylang: Site) -> None:
    known = remembered(run(polylang))
    polylang.posts[3]["status"] = "trash"
    assert run(polylang, known, username="editor", application_password=PASSWORD) == [Gone("20")]


def test_a_site_that_seems_empty_withdraws_nothing(run: Reader, polylang: Site) -> None:
    one = polylang.posts[3]
    polylang.posts = [deepcopy(one) | {"id": n, "translations": {"en": n}} for n in range(100, 130)]
    known = remembered(run(polylang))
    polylang.posts = polylang.posts[:3]
    (problem,) = run(polylang, known)
    assert isinstance(problem, Problem)
    assert "27 of 30 known posts" in problem.reason
    assert len([i for i in run(polylang, known, most_gone=1.0) if isinstance(i, Gone)]) == 27


def test_a_story_keeps_its_group_when_the_translation_that_named_it_goes(run: Reader, polylang: Site) -> None:
    known = remembered(run(polylang))
    rest = {"en": 11, "ru": 12}
    polylang.posts = [p | {"translations": rest} for p in polylang.posts if p["id"] in (11, 12)]
    polylang.posts[0]["modified_gmt"] = "2024-05-25T00:00:00"
    items = run(polylang, known)
    assert manuscripts(items)["11"].group == "10"


def test_drafts_are_read_with_a_password_only(run: Reader, polylang: Site) -> None:
    assert "21" not in manuscripts(run(polylang, drafts=True))
    found = manuscripts(run(polylang, drafts=True, username="editor", application_password=PASSWORD))
    assert found["21"].state is ArticleState.DRAFT
    assert "22" not in found


def test_a_wrong_password_is_told_without_being_shown(run: Reader, polylang: Site) -> None:
    with pytest.raises(SourceError, match=r"HTTP 401.*application password") as caught:
        run(polylang, username="editor", application_password="wrong SECRET")
    assert "SECRET" not in str(caught.value)


def test_no_password_is_in_a_repr(server: ThreadingHTTPServer) -> None:
    assert PASSWORD not in repr(wp(server, username="editor", application_password=PASSWORD))


def test_one_bad_post_is_a_problem_and_holds_the_cursor(run: Reader, polylang: Site) -> None:
    polylang.posts[3]["link"] = "javascript:alert(1)"
    polylang.posts[0]["content"] = {"rendered": 7}
    items = run(polylang)
    (problem,) = [i for i in items if isinstance(i, Problem)]
    assert (problem.place, problem.reason) == ("post 20", "it has no address")
    assert {"10", "11", "12"} <= set(manuscripts(items))
    assert items[-1] == Touched("cursor", "2024-05-04T09:00:00Z")
    polylang.posts[3]["modified_gmt"] = "2024-05-01T09:00:00"
    assert run(polylang)[-1] == Touched("cursor", "2024-05-01T09:00:00Z")


def test_a_protected_post_and_a_foreign_one_are_left_out_and_said(run: Reader, polylang: Site) -> None:
    polylang.posts[3]["content"] = {"rendered": "", "protected": True}
    found = [i for i in run(polylang) if isinstance(i, Found) and i.problems and not i.manuscripts]
    assert [(i.key, i.problems[0].fatal) for i in found] == [("20", False)]


def test_a_listing_that_moves_is_not_trusted(run: Reader, polylang: Site) -> None:
    def deleted_between_pages(site: Site, query: dict[str, str]) -> None:
        if query.get("page") == "2" and query.get("lang") == "en":
            site.posts = [p for p in site.posts if p["id"] != 20]

    polylang.on_page = deleted_between_pages
    items = run(polylang, page_size=1)
    assert not any(isinstance(i, Touched) for i in items)


def test_plain_permalinks_are_found(run: Reader, polylang: Site) -> None:
    polylang.is_plain = True
    assert set(manuscripts(run(polylang))) == {"10", "11", "12", "20"}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ((503, b"<title>Briefly unavailable</title>", {"Retry-After": "1"}), "HTTP 503"),
        (
            (200, b"<html><title>One moment, please</title>", {}),
            "a page titled “One moment, please” instead of JSON",
        ),
        ((403, b'{"code":"rest_forbidden","message":"<b>Sorry</b>"}', {}), "HTTP 403 rest_forbidden Sorry"),
        ((404, b'{"code":"rest_no_route","message":"None"}', {}), "REST API switched on"),
        ((200, b'"text"', {}), "no list of posts"),
        ((200, b"[" * 100_000, {}), "instead of JSON"),
    ],
)
def test_a_site_that_cannot_be_read_is_told_plainly(
    run: Reader, polylang: Site, fault: tuple[int, bytes, dict[str, str]], reason: str
) -> None:
    polylang.faults["wp/v2/posts"] = [fault] * 9
    with pytest.raises(SourceError, match=reason):
        run(polylang)


def test_a_passing_fault_is_waited_out(run: Reader, polylang: Site) -> None:
    polylang.faults["wp/v2/posts"] = [(502, b"", {}), (429, b"", {"Retry-After": "3"})]
    assert len(manuscripts(run(polylang))) == 4


@pytest.mark.parametrize(
    ("ids", "default", "wanted"),
    [
        ({"en": {1}, "tr": {2}}, "en", ("en", "tr")),
        ({"en": {1, 2}, "tr": {1, 2}}, "en", ("",)),
        ({"en": {1}, "tr": set()}, "en", ("en",)),
        ({"tr": {2}, "en": {1}, "ru": {1}}, "en", ("en", "tr")),
        ({"en": set(), "tr": set()}, "en", ("",)),
    ],
)
def test_passes(ids: dict[str, set[int]], default: str, wanted: tuple[str, ...]) -> None:
    assert passes({k: frozenset(v) for k, v in ids.items()}, default) == wanted
