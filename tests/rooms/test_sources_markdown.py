"""A folder of Markdown, with the habits of Hugo, Jekyll, Pelican, Zola and people."""

import os
import struct
import sys
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.model import ArticleState, Found, Gone, Manuscript, Problem, SourceError, SourceItem, Touched
from syndicate.sources import dates, front_matter, media, summary
from syndicate.sources.markdown import MarkdownSettings, read
from syndicate.sources.markdown.people import part_names
from syndicate.sources.markdown.places import of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEAD = "---\ntitle: T\ndate: 2026-01-02\n---\n"


def the(path: Path, **changes: object) -> MarkdownSettings:
    values: dict[str, object] = {
        "name": "folder",
        "path": path,
        "languages": ("tr", "en", "ru"),
        "default_language": "en",
        "url": "https://news.example.org/{language}/{slug}/",
        "media_url": "https://feeds.example.org/media",
        "timezone": "Europe/Istanbul",
    }
    return MarkdownSettings(**(values | changes))  # type: ignore[arg-type]


def put(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def items(path: Path, known: Mapping[str, str] | None = None, **changes: object) -> list[SourceItem]:
    return [i for i in read(the(path, **changes), known or {}, NOW) if getattr(i, "key", "") != "shared:"]


def manuscripts(path: Path, **changes: object) -> dict[str, Manuscript]:
    found = [i for i in items(path, **changes) if isinstance(i, Found)]
    return {m.key: m for i in found for m in i.manuscripts}


def one(tmp_path: Path, text: str | bytes, name: str = "a.md", **changes: object) -> Manuscript:
    put(tmp_path, {name: text})
    return manuscripts(tmp_path, **changes)[name]


def problem(tmp_path: Path, text: str | bytes, name: str = "a.md") -> Problem:
    put(tmp_path, {name: text})
    (found,) = items(tmp_path)
    assert isinstance(found, Problem)
    return found


def known_of(path: Path, **changes: object) -> dict[str, str]:
    return {i.key: i.fingerprint for i in read(the(path, **changes), {}, NOW) if isinstance(i, Found)}


def png(width: int = 3, height: int = 2) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\xff" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# where an article lies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "language", "group", "slug"),
    [
        ("title.md", "", "title", "title"),
        ("title.tr.md", "tr", "title", "title"),
        ("story/index.tr.md", "tr", "story", "story"),
        ("story/tr.md", "tr", "story", "story"),
        ("content/tr/posts/title.md", "tr", "content/posts/title", "title"),
        ("en/news/_posts/2024-01-02-title.md", "en", "news/_posts/2024-01-02-title", "title"),
        ("zh_tw/news/title.md", "zh-TW", "news/title", "title"),
        ("content/pt-br/title.md", "pt-BR", "content/title", "title"),
        ("img/css/title.min.md", "", "img/css/title.min", "title.min"),
        ("v1.10.md", "", "v1.10", "v1.10"),
    ],
)
def test_language_group_and_slug_by_the_path(key: str, language: str, group: str, slug: str) -> None:
    place = of(key, ("tr", "en", "ru"))
    assert (place.language, place.group, place.slug) == (language, group, slug)


def test_front_matter_says_language_and_group_first(tmp_path: Path) -> None:
    text = "---\ntitle: T\ndate: 2026-01-02\nlang: ru\ntranslationKey: story-7\n---\nx"
    article = one(tmp_path, text, "tr/a.en.md")
    assert (article.language, article.group) == ("ru", "story-7")


def test_address_by_pattern_slug_and_canonical(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "a.tr.md": HEAD + "x",
            "b.md": "---\ntitle: T\ndate: 2026-01-02\nslug: Çok Güzel\n---\nx",
            "c.md": "---\ntitle: T\ndate: 2026-01-02\ncanonical: https://other.example/c\n---\nx",
            "d.md": "---\ntitle: T\ndate: 2026-01-02\nurl: /old/d/\n---\nx",
            "e.md": "---\ntitle: T\ndate: 2026-01-02\npermalink: /:year/:title/\n---\nx",
        },
    )
    urls = {key: m.url for key, m in manuscripts(tmp_path).items()}
    assert urls == {
        "a.tr.md": "https://news.example.org/tr/a/",
        "b.md": "https://news.example.org/en/cok-guzel/",
        "c.md": "https://other.example/c",
        "d.md": "https://news.example.org/old/d/",
        "e.md": "https://news.example.org/en/e/",
    }
    dated = manuscripts(tmp_path, url="https://x.example/{year}/{month}/{day}/{key}/{other}")
    assert dated["a.tr.md"].url == "https://x.example/2026/01/01/a.tr/{other}"


# front matter ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: T\ndate: 2026-01-02 10:00:00 +0300\ntags: [a, b]\nauthor: Ann Lee\n---\nBody",
        '+++\ntitle = "T"\ndate = 2026-01-02T10:00:00+03:00\nauthors = ["Ann Lee"]\n'
        '[taxonomies]\ntags = ["a", "b"]\n+++\nBody',
        '{"title": "T", "date": "2026-01-02T07:00:00Z", "tags": ["a", "b"], "author": {"name": "Ann Lee"}}\n\nBody',
        "Title: T\nDate: 2026-01-02 10:00\nTags: a, b\nAuthor: Ann Lee\n\nBody",
        "\ufeff---\r\ntitle: T\r\ndate: Fri, 02 Jan 2026 10:00:00 +0300\r\ntags: a, b\r\n"
        "authors:\r\n  - name: Ann Lee\r\n---\r\nBody",
    ],
    ids=["yaml", "toml", "json", "pelican", "windows"],
)
def test_every_kind_of_front_matter_says_the_same(tmp_path: Path, text: str) -> None:
    article = one(tmp_path, text)
    assert article.title == "T"
    assert article.published == datetime(2026, 1, 2, 7, tzinfo=UTC)
    assert [t.slug for t in article.tags] == ["a", "b"]
    assert [(c.key, c.name) for c in article.authors] == [("ann-lee", "Ann Lee")]
    assert article.body_html == "<p>Body</p>"


def test_without_front_matter_heading_and_file_name_tell(tmp_path: Path) -> None:
    article = one(tmp_path, "# The *title*\n\nText.\n", "2026-01-02-x.md")
    assert (article.title, article.body_html) == ("The title", "<p>Text.</p>")
    assert article.published == datetime(2026, 1, 1, 21, tzinfo=UTC)


def test_states_and_dates(tmp_path: Path) -> None:
    def state(extra: str) -> tuple[ArticleState, str]:
        article = one(tmp_path, f"---\ntitle: T\ndate: 2026-01-02\n{extra}\n---\nx")
        return article.state, article.state_note

    assert state("draft: true") == (ArticleState.DRAFT, "")
    assert state("published: false") == (ArticleState.DRAFT, "")
    assert state("status: draft") == (ArticleState.DRAFT, "")
    assert state("status: withdrawn\nwithdrawn_reason: A wrong figure") == (
        ArticleState.WITHDRAWN,
        "A wrong figure",
    )
    assert state("expiryDate: 2026-05-01") == (ArticleState.WITHDRAWN, "expired")
    assert state("expiryDate: 2026-07-01") == (ArticleState.PUBLISHED, "")
    assert state("correction: A figure was mended") == (ArticleState.PUBLISHED, "A figure was mended")
    article = one(
        tmp_path,
        "---\ntitle: T\ndate: 2026-01-02\npublishDate: 2026-02-02\nlastmod: 2026-03-03\nid: abc\n---\n",
    )
    assert (article.published.month, article.updated and article.updated.month, article.permanent_id) == (
        2,
        3,
        "abc",
    )


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("---\ntitle: T\n---\nx", "a.md", "no date"),
        ("---\ntitle: T\ndate: someday\n---\nx", "a.md", "date cannot be read"),
        ("---\ndate: 2026-01-02\n---\nx", "a.md", "no title"),
        ("---\ntitle: T\ndate: [1\n---\nx", "a.md:4", "YAML"),
        ("---\ntitle: a: b\n---\nx", "a.md:2", "YAML"),
        ("---\ntitle: T\ndate: 2026-13-45\n---\nx", "a.md", "YAML"),
        ('+++\ntitle = "T\n+++\nx', "a.md:2", "TOML"),
        ('{"title": \n', "a.md", "JSON"),
        ("---\ntitle: T\nx", "a.md:1", "never closed"),
        ("---\n- a\n---\n", "a.md", "no list of"),
        ("---\nx: " + "[" * 5000 + "\n---\n", "a.md", "nested too deeply"),
        (b"---\ntitle: T\n\xff\n---\n", "a.md:3", "not UTF-8"),
        ("x" * 1_100_000, "a.md", "1.1 MB"),
    ],
)
def test_a_bad_file_is_named_with_its_line_and_reason(
    tmp_path: Path, text: str | bytes, place: str, reason: str
) -> None:
    found = problem(tmp_path, text)
    assert found.place.startswith(place)
    assert reason in found.reason
    assert found.fatal
    assert found.advice


def test_one_bad_file_does_not_stop_the_others_and_is_told_until_mended(tmp_path: Path) -> None:
    put(tmp_path, {"a.md": HEAD + "x", "b.md": "---\ntitle: [\n---\n", "c.md": HEAD + "y"})
    assert [type(i) for i in items(tmp_path)] == [Found, Problem, Found]
    assert [type(i) for i in items(tmp_path, known_of(tmp_path))] == [Problem]


def test_a_yaml_bomb_of_aliases_costs_nothing(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    article = one(
        tmp_path, "---\ntitle: T\ndate: 2026-01-02\n" + "\n".join(lines) + "\ndescription: *a11\n---\nText."
    )
    assert article.summary == "Text."


# dialects -------------------------------------------------------------------------------------------------


def test_hugo_shortcodes(tmp_path: Path) -> None:
    text = HEAD + (
        'See [there]({{< ref "other.md" >}}).\n\n{{< figure src="/p.png" alt="A <port>" caption="Port" >}}\n\n'
        "{{< youtube abc123 >}}\n\n{{< gallery >}}\n{{% /gallery %}}\n"
    )
    put(tmp_path, {"a.md": text})
    (found,) = items(tmp_path)
    assert isinstance(found, Found)
    html = found.manuscripts[0].body_html
    assert 'href="https://news.example.org/en/a/other/"' in html
    assert (
        '<img alt="A &lt;port&gt;" src="https://news.example.org/p.png"/><figcaption>Port</figcaption>'
        in html
    )
    assert "https://www.youtube.com/watch?v=abc123" in html
    assert "{{" not in html
    assert [p.reason for p in found.problems] == ["shortcodes left out: gallery"]


def test_jekyll_liquid(tmp_path: Path) -> None:
    text = HEAD + (
        "[x]({{ site.baseurl }}/y)\n\n{% highlight ruby %}\nputs 1\n{% endhighlight %}\n\n{% include a.html %}\n"
        "{% raw %}z{% endraw %}\n\nA line\n{: .note}\n\n`{:a => 1}`\n"
    )
    put(tmp_path, {"en/_posts/2026-01-02-a.md": text})
    (found,) = items(tmp_path)
    assert isinstance(found, Found)
    html = found.manuscripts[0].body_html
    assert 'href="https://news.example.org/y"' in html
    assert "<pre><code>puts 1\n</code></pre>" in html
    assert "{: .note}" not in html
    assert "<code>{:a =&gt; 1}</code>" in html
    assert [p.reason for p in found.problems] == ["Liquid left out: include"]


def test_zola_path_gives_date_and_address(tmp_path: Path) -> None:
    article = one(tmp_path, '+++\npath = "2015/05/15/Rust-1.0"\ntitle = "T"\n+++\nx')
    assert article.url == "https://news.example.org/2015/05/15/Rust-1.0/"
    assert article.published == datetime(2015, 5, 14, 21, tzinfo=UTC)


def test_what_is_no_article_is_left_alone(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "_index.md": HEAD,
            "_index.tr.md": HEAD,
            ".git/a.md": HEAD,
            "_layouts/b.html": HEAD,
            "node_modules/c/readme.md": "x",
            "notes.txt": "x",
            "layout.html": "<html></html>",
            "story.html": HEAD + "<p>Told</p>",
        },
    )
    outside = tmp_path.parent / f"{tmp_path.name}-outside.md"
    outside.write_text(HEAD)
    (tmp_path / "link.md").symlink_to(outside)
    assert set(manuscripts(tmp_path)) == {"story.html"}
    assert manuscripts(tmp_path)["story.html"].body_html == "<p>Told</p>"
    put(tmp_path, {"posts/x.md": HEAD, "posts/y.md": HEAD})
    assert set(manuscripts(tmp_path, include=("posts/*",), exclude=("*/y.md",))) == {"posts/x.md"}


def test_tables_strikethrough_and_definitions(tmp_path: Path) -> None:
    html = one(tmp_path, HEAD + "|a|b|\n|-|-|\n|1|2|\n\n~~old~~\n\nTerm\n: Meaning\n").body_html
    assert "<td>1</td>" in html
    assert "<s>old</s>" in html
    assert "<dd>Meaning</dd>" in html


def test_footnotes_links_and_summary(tmp_path: Path) -> None:
    article = one(
        tmp_path, HEAD + "First[^1] [link](https://other.example/a).\n\nSecond.\n\n[^1]: Note.\n[^2]: Lone.\n"
    )
    assert article.summary == "First link."
    assert article.links == ("https://other.example/a",)
    assert [(n.html, n.references) for n in article.footnotes] == [("Note.", 1), ("Lone.", 0)]


# people, tags, pictures -----------------------------------------------------------------------------------

AUTHOR = """name: Ann Lee
names: {tr: Ann Li}
photo: ann.png
links: [{label: Site, url: "https://ann.example/"}, {label: Bad, url: "javascript:alert(1)"}]
bios:
  en: She *writes*.
  no: Hun skriver.
"""


def test_authors_files_and_labels_of_tags(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "_authors/ann.yaml": AUTHOR,
            "_authors/ann.png": png(),
            "_tags.yaml": "ports: {tr: Limanlar, en: Ports}\n",
            "a.tr.md": "---\ntitle: T\ndate: 2026-01-02\nauthors: [ann]\n"
            "translators: Bo Ek\ntags: [Ports, new one]\n---\nx",
        },
    )
    found = items(tmp_path, authors=tmp_path / "_authors", tags=tmp_path / "_tags.yaml")
    by_key = {i.key: i for i in found if isinstance(i, Found)}
    (author,) = by_key["authors:ann.yaml"].authors
    assert (author.key, author.name_in("tr"), author.name_in("en")) == ("ann", "Ann Li", "Ann Lee")
    assert [(b.language, b.html) for b in author.bios] == [
        ("en", "<p>She <em>writes</em>.</p>"),
        ("no", "<p>Hun skriver.</p>"),
    ]
    assert [link.url for link in author.links] == ["https://ann.example/"]
    (photo,) = by_key["authors:ann.yaml"].media
    assert author.photo == f"https://feeds.example.org/media/{photo.name}"
    (article,) = by_key["a.tr.md"].manuscripts
    assert [(c.key, c.name) for c in article.authors] == [("ann", "Ann Li")]
    assert [(c.key, c.name) for c in article.translators] == [("bo-ek", "Bo Ek")]
    assert [(t.slug, t.label) for t in article.tags] == [("ports", "Limanlar"), ("new-one", "new one")]


def test_a_change_of_tags_or_names_reads_the_articles_again(tmp_path: Path) -> None:
    put(
        tmp_path,
        {"_tags.yaml": "a: {en: A}\n", "_authors/ann.yaml": "name: Ann\n", "x.md": HEAD, "y.md": HEAD},
    )
    shared = {"authors": tmp_path / "_authors", "tags": tmp_path / "_tags.yaml"}
    known = known_of(tmp_path, **shared)
    assert items(tmp_path, known, **shared) == []
    put(tmp_path, {"_tags.yaml": "a: {en: B}\n"})
    assert [i.key for i in items(tmp_path, known, **shared) if isinstance(i, Found)] == ["x.md", "y.md"]
    put(
        tmp_path,
        {"_tags.yaml": "a: {en: A}\n", "_authors/ann.yaml": "name: Ann\nlinks: ['https://a.example']\n"},
    )
    assert [i.key for i in items(tmp_path, known, **shared) if isinstance(i, Found)] == ["authors:ann.yaml"]
    put(tmp_path, {"_authors/ann.yaml": "name: [\n"})
    broken = [i for i in items(tmp_path, known, **shared) if isinstance(i, Problem)]
    assert broken[0].place.startswith("_authors/ann.yaml:")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ann Lee and Bo Ek", ["Ann Lee", "Bo Ek"]),
        ("Ayşe Kaya ve Ali Can", ["Ayşe Kaya", "Ali Can"]),
        ("Анна Ли и Иван Ек", ["Анна Ли", "Иван Ек"]),
        ("Ann Lee, Bo Ek", ["Ann Lee", "Bo Ek"]),
        ("Lee, Ann", ["Lee, Ann"]),
        ("Research and Development", ["Research and Development"]),
        ("Ann Lee <ann@example.org>", ["Ann Lee"]),
    ],
)
def test_names_are_parted_only_where_that_is_safe(text: str, names: list[str]) -> None:
    assert part_names(text) == names


def test_pictures_beside_the_article_are_served_and_missing_ones_told(tmp_path: Path) -> None:
    text = (
        HEAD
        + "![A port](p.png) ![gone](gone.png) ![out](../../etc/passwd) ![text](t.png) ![web](https://w.example/a.png)"
    )
    put(tmp_path, {"s/index.en.md": text, "s/p.png": png(30, 20), "s/t.png": b"<script>"})
    (found,) = items(tmp_path)
    assert isinstance(found, Found)
    (article,) = found.manuscripts
    (file,) = article.media
    assert file.path.read_bytes() == png(30, 20)
    assert [(i.url, i.alt, i.width, i.height) for i in article.images] == [
        (f"https://feeds.example.org/media/{file.name}", "A port", 30, 20),
        ("https://w.example/a.png", "web", None, None),
    ]
    assert sorted(p.reason.split(" is ")[0] for p in found.problems) == [
        "t.png",
        "the picture ../../etc/passwd",
        "the picture gone.png",
    ]
    assert article.body_html.count("<img") == 2


def test_a_picture_that_arrives_later_is_taken(tmp_path: Path) -> None:
    put(tmp_path, {"s/a.md": HEAD + "![A port](p.png)"})
    known = known_of(tmp_path)
    put(tmp_path, {"s/p.png": png()})
    (found,) = items(tmp_path, known)
    assert isinstance(found, Found)
    assert len(found.manuscripts[0].images) == 1


def test_pictures_are_known_by_their_bytes() -> None:
    jpeg = b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xc2\x00\x11\x08\x00\x14\x00\x1e\x03" + b"\0" * 12
    assert media.measure(jpeg) == media.Picture("jpg", 30, 20)
    assert media.measure(b"GIF89a\x1e\x00\x14\x00") == media.Picture("gif", 30, 20)
    extended = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + b"\x1d\0\0\x13\0\0"
    assert media.measure(extended) == media.Picture("webp", 30, 20)
    assert media.measure(b"<svg/>") is None


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF1234WEBPVP8L"]),
)
def test_measuring_never_fails(data: bytes, start: bytes) -> None:
    assert media.measure(start + data) is None or len(data) > 2


# again ----------------------------------------------------------------------------------------------------


def test_unchanged_touched_changed_and_gone(tmp_path: Path) -> None:
    put(tmp_path, {"a.md": HEAD + "a", "b.md": HEAD + "b", "c.md": HEAD + "c", "d.md": HEAD + "d"})
    known = known_of(tmp_path)
    assert items(tmp_path, known) == []
    os.utime(tmp_path / "b.md", (1, 1))
    put(tmp_path, {"c.md": HEAD + "other"})
    (tmp_path / "d.md").unlink()
    assert [(type(i), i.key) for i in items(tmp_path, known) if not isinstance(i, Problem)] == [
        (Touched, "b.md"),
        (Found, "c.md"),
        (Gone, "d.md"),
    ]


def test_a_known_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, {f"{n}.md": HEAD for n in range(20)})
    known = known_of(tmp_path)

    def refuse(path: Path) -> bytes:
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert items(tmp_path, known) == []


def noting(opened: list[str], real: Callable[..., bytes | str]) -> Callable[..., bytes | str]:
    def note(path: Path, *rest: str) -> bytes | str:
        opened.append(path.name)
        return real(path, *rest)

    return note


def test_known_authors_and_tags_are_not_opened_until_an_article_needs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = "---\ntitle: T\ndate: 2026-01-02\nauthors: [ann]\ntags: [ports]\n---\nx"
    put(tmp_path, {"_authors/ann.yaml": AUTHOR, "_authors/ann.png": png(), "a.tr.md": article})
    put(tmp_path, {"_tags.yaml": "ports: {tr: Limanlar}\n"})
    shared = {"authors": tmp_path / "_authors", "tags": tmp_path / "_tags.yaml"}
    known = known_of(tmp_path, **shared)
    opened: list[str] = []
    for name in ("read_bytes", "read_text"):
        monkeypatch.setattr(Path, name, noting(opened, getattr(Path, name)))
    assert list(read(the(tmp_path, **shared), known, NOW)) == []
    assert opened == []
    put(tmp_path, {"b.tr.md": article})
    (found,) = read(the(tmp_path, **shared), known, NOW)
    assert isinstance(found, Found)
    assert sorted(opened) == ["_tags.yaml", "ann.yaml", "b.tr.md"]
    assert [c.name for c in found.manuscripts[0].authors] == ["Ann Li"]
    assert [t.label for t in found.manuscripts[0].tags] == ["Limanlar"]


def test_an_author_changes_with_the_portrait_and_is_touched_by_other_pictures(tmp_path: Path) -> None:
    put(tmp_path, {"_authors/ann.yaml": AUTHOR, "_authors/ann.png": png(), "a.md": HEAD})
    known = known_of(tmp_path, authors=tmp_path / "_authors")
    put(tmp_path, {"_authors/bo.png": png(5, 5)})
    assert [type(i) for i in items(tmp_path, known, authors=tmp_path / "_authors")] == [Touched]
    put(tmp_path, {"_authors/ann.png": png(7, 7)})
    (found,) = items(tmp_path, known, authors=tmp_path / "_authors")
    assert isinstance(found, Found)
    assert len(found.media) == 1


def test_what_does_not_matter_to_articles_is_remembered_without_reading_them(tmp_path: Path) -> None:
    put(tmp_path, {"_authors/ann.yaml": "name: Ann\n", "a.md": HEAD})
    known = known_of(tmp_path, authors=tmp_path / "_authors")
    put(tmp_path, {"_authors/ann.yaml": "name: Ann\nbios: {en: She writes.}\n"})
    found = list(read(the(tmp_path, authors=tmp_path / "_authors"), known, NOW))
    assert [(type(i), getattr(i, "key", "")) for i in found] == [
        (Found, "authors:ann.yaml"),
        (Touched, "shared:"),
    ]
    known |= {i.key: i.fingerprint for i in found if isinstance(i, Found | Touched)}
    assert list(read(the(tmp_path, authors=tmp_path / "_authors"), known, NOW)) == []


def test_a_broken_tags_file_is_told_at_each_run(tmp_path: Path) -> None:
    put(tmp_path, {"_tags.yaml": "a: [\n", "a.md": HEAD})
    known = known_of(tmp_path, tags=tmp_path / "_tags.yaml")
    for _ in range(2):
        (told,) = items(tmp_path, known, tags=tmp_path / "_tags.yaml")
        assert isinstance(told, Problem)
        assert told.place.startswith("_tags.yaml:")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes as a name")
def test_a_name_that_is_not_utf_8_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    put(tmp_path, {os.fsdecode(b"caf\xe9.md"): HEAD, "_authors/ann.yaml": "name: Ann\n", "b.md": HEAD})
    put(tmp_path, {os.fsdecode(b"_authors/\xe9.yaml"): "name: Bo\n"})
    found = items(tmp_path, authors=tmp_path / "_authors", url="https://e.example/{key}/")
    assert [i.key for i in found if isinstance(i, Found)] == ["authors:ann.yaml", "b.md"]
    told = [i for i in found if isinstance(i, Problem)]
    assert sorted(p.place for p in told) == ["authors:\\xe9.yaml", "caf\\xe9.md"]
    assert all("UTF-8" in p.reason and p.fatal for p in told)


def test_a_source_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder"):
        items(tmp_path / "none")
    with pytest.raises(SourceError, match="no time zone"):
        items(tmp_path, timezone="Mars/Base")


# small parts ----------------------------------------------------------------------------------------------


@given(st.text(max_size=300))
def test_any_text_is_split_or_refused(text: str) -> None:
    for start in ("", "---\n", "+++\n", "{", "Title: x\n"):
        line, body = 0, ""
        try:
            body = front_matter.split(start + text).body
        except front_matter.FrontMatterError as error:
            line = error.line
        assert line >= 0
        assert len(body) <= len(start + text)


@given(st.one_of(st.text(max_size=40), st.integers(), st.none(), st.dates(), st.datetimes()))
def test_any_value_is_a_date_or_none(value: object) -> None:
    from zoneinfo import ZoneInfo

    moment = dates.parse(value, ZoneInfo("Europe/Istanbul"))
    assert moment is None or moment.tzinfo is UTC


@given(st.text(max_size=900), st.integers(40, 300))
def test_a_cut_text_keeps_its_length(text: str, length: int) -> None:
    cut = summary.cut(text, length)
    assert len(cut) <= length
    assert cut == text or cut.endswith("…")


def test_a_summary_is_cut_at_a_word_or_a_stop() -> None:
    assert summary.cut("one two three four five", 15) == "one two three…"
    assert summary.cut("港口将在冬季关闭。" * 4, 20) == "港口将在冬季关闭。港口将在冬季关闭。…"
