"""Captured pages, as plain text and as HTML."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syndicate.model import Found, Gone, Problem, SourceError, Touched
from syndicate.sources import page
from syndicate.sources.page import marks

HERE = Path(__file__).parent
SEEDS = HERE.parents[2] / "shared" / "seeds"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def settings(path: Path | tuple[Path, ...]) -> page.PageSettings:
    return page.PageSettings(
        name="pages",
        path=path,
        languages=("tr", "en", "ru", "ar", "zh"),
        default_language="en",
        url="https://news.example.org/{language}/{slug}/",
        timezone="Europe/Istanbul",
    )


def only(path: Path) -> Found:
    items = list(page.read(settings(path), {}, NOW))
    assert len(items) == 1
    assert isinstance(items[0], Found), items[0]
    return items[0]


def test_a_page_of_plain_text_is_understood_whole() -> None:
    found = only(HERE / "data" / "captured_page.txt")
    (article,) = found.manuscripts
    assert article.title == "Three Lighthouses and One Budget: Who Pays for the Light"
    assert (article.language, article.also_in) == ("en", ("tr", "ru"))
    assert article.url == "https://news.example.org/en/captured-page/"
    assert article.body_html.count("<blockquote><p>“A lamp") == 1
    assert article.body_html.count("<li>") == 3
    assert article.body_html.count("<ol>") == 1
    assert [n.references for n in article.footnotes] == [1, 1, 1]
    assert article.body_html.count('id="fnref-') == 3
    assert article.footnotes[1].html.startswith('<span dir="ltr" lang="ru">“Смотритель')
    assert [c.name for c in article.authors] == ["Dr. Deniz FENERCİ"]
    assert "FENERC" not in article.body_html
    assert "Similar" not in article.body_html
    (author,) = found.authors
    assert (author.key, [b.language for b in author.bios]) == (article.authors[0].key, ["tr"])
    assert author.bios[0].text.startswith("Dr. Deniz FENERCİ, 2010")


def test_what_is_missing_on_a_page_is_told() -> None:
    found = only(HERE / "data" / "captured_page.txt")
    assert found.manuscripts[0].published == datetime(2023, 3, 4, 21, tzinfo=UTC)
    reasons = [p.reason for p in found.problems]
    assert len(reasons) == 2
    assert "2023-03-05" in reasons[0]
    assert "note 1" in reasons[1]


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed pages are not beside this repository")
def test_the_seed_page() -> None:
    found = only(next(SEEDS.glob("*.txt")))
    (article,) = found.manuscripts
    assert len(article.footnotes) == 8
    assert all(n.references == 1 for n in article.footnotes)
    empty = [p.reason.split()[1] for p in found.problems if "without its address" in p.reason]
    assert empty == ["1", "2", "3", "4", "5", "7"]
    assert article.also_in == ("tr", "ru")
    assert (article.body_html.count("<li>"), article.body_html.count("<blockquote>")) == (3, 1)
    assert article.body_html.count("<p>") == 12
    assert [c.name for c in article.authors] == ["Dr. Doğacan BAŞARAN"]
    assert [b.language for b in found.authors[0].bios] == ["tr"]
    assert "Similar" not in article.body_html
    assert "Doğacan" not in article.body_html


WEB = """<html lang="tr-TR"><head><title>Başlık – Gazete</title><link rel="canonical" href="https://x.example/tr/baslik/">
<link rel="alternate" hreflang="en" href="https://x.example/en/title/">
<link rel="alternate" hreflang="tr" href="https://x.example/tr/baslik/">
<link rel="alternate" hreflang="x-default" href="https://x.example/">
<script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","headline":"Başlık",
"author":{"@type":"Person","name":"Ayşe Kaya"},"datePublished":"2022-08-26T09:00:00+03:00"}]}</script></head>
<body><nav><p>menü</p></nav><article><h1>Başlık</h1><p>Bu yazı şu dillerde de mevcuttur: English Русский</p>
<p>Birinci paragraf burada.<sup>[1]</sup></p><div class="sharedaddy">Paylaş</div>
<p>İkinci <a href="/a">paragraf</a>.</p>
<p>[1] Kaynak, <a href="https://d.example/">Dergi</a>.</p>
<div class="author-bio"><p>Ayşe Kaya is a researcher of railways and ports who has written many books on them.</p></div>
<h3>Benzer Yazılar</h3><ul><li>Başka yazı</li></ul></article><footer>alt bilgi</footer></body></html>"""


def test_a_page_of_html_is_understood_whole(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(WEB, "utf-8")
    found = only(tmp_path)
    (article,) = found.manuscripts
    assert (article.title, article.language, article.also_in) == ("Başlık", "tr", ("en", "ru"))
    assert article.url == "https://x.example/tr/baslik/"
    assert article.group == "https://x.example/en/title/"
    assert article.published == datetime(2022, 8, 26, 6, tzinfo=UTC)
    assert article.body_html.replace("\n", "") == (
        '<p>Birinci paragraf burada.<sup><a href="#fn-1" id="fnref-1">1</a></sup></p>'
        '<p>İkinci <a href="https://x.example/a">paragraf</a>.</p>'
    )
    assert article.footnotes[0].html == 'Kaynak, <a href="https://d.example/">Dergi</a>.'
    assert [c.name for c in article.authors] == ["Ayşe Kaya"]
    assert [b.language for b in found.authors[0].bios] == ["en"]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("This post is also available in: Türkçe Русский", ("tr", "ru")),
        ("Bu yazı şu dillerde de mevcuttur: İngilizce, Rusça", ("en", "ru")),
        ("Эта запись также доступна на: Türkçe English", ("tr", "en")),
        ("هذا المنشور متاح أيضًا بـ: Türkçe English", ("tr", "en")),
        ("本文还有以下语言版本：土耳其语、俄语", ("tr", "ru")),
        ("Dieser Beitrag ist auch verfügbar auf: Englisch Türkisch", ("en", "tr")),
        ("Cet article est aussi disponible en : Русский", ("ru",)),
        ("The report is written in English", ()),
        ("He speaks: English", ()),
        ("A line that ends: here", ()),
    ],
)
def test_the_line_of_other_languages_is_known_in_any_language(line: str, expected: tuple[str, ...]) -> None:
    assert marks.also_in(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        *(
            "Similar Posts",
            "Benzer Yazılar",
            "İlgili Yazılar",
            "Похожие записи",
            "مقالات مشابهة",
            "Oxşar yazılar",
        ),
        *("Ұқсас жазбалар", "Ähnliche Beiträge", "Articles similaires", "Entradas relacionadas", "相关文章"),
    ],
)
def test_the_heading_of_similar_posts_is_known_in_every_shipped_language(line: str) -> None:
    assert marks.is_similar_heading(line)
    assert not marks.is_similar_heading(f"{line} x y")


def test_a_comment_above_the_text_says_date_and_address(tmp_path: Path) -> None:
    text = "<!-- date: 2024-02-03; url: https://x.example/y/ -->\nTitle\n\nA paragraph that says something.\n"
    (tmp_path / "a.txt").write_text(text)
    found = only(tmp_path)
    assert found.manuscripts[0].published == datetime(2024, 2, 2, 21, tzinfo=UTC)
    assert found.manuscripts[0].url == "https://x.example/y/"
    assert found.problems == ()


def test_without_any_date_the_files_own_is_taken_and_told(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("Title\n\nA paragraph.\n")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    found = only(tmp_path)
    assert found.manuscripts[0].published == datetime.fromtimestamp(1_700_000_000, UTC)
    assert "2023-11-14" in found.problems[0].reason


def test_wrapped_lines_join_and_a_lone_number_is_no_list(tmp_path: Path) -> None:
    wrapped = "This paragraph was wrapped by the program that captured it, at\nseventy characters or so, and is one.\n"
    (tmp_path / "a.txt").write_text(f"<!-- date: 2024-01-01 -->\nTitle\n\n{wrapped}\n1990. It was spring.\n")
    html = only(tmp_path).manuscripts[0].body_html
    assert html == (
        "<p>This paragraph was wrapped by the program that captured it, at seventy characters or so, and is one.</p>"
        "<p>1990. It was spring.</p>"
    )


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Title\n\nText.\n")
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00")
    first = list(page.read(settings(tmp_path), {}, NOW))
    known = {item.key: item.fingerprint for item in first if isinstance(item, Found)} | {"old.txt": "1:2:3"}
    assert [type(item) for item in first] == [Found, Problem]
    assert [type(item) for item in page.read(settings(tmp_path), known, NOW)] == [Problem, Gone]
    os.utime(tmp_path / "a.txt", (1, 1))
    assert [type(item) for item in page.read(settings(tmp_path), known, NOW)] == [Touched, Problem, Gone]


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there"):
        list(page.read(settings(tmp_path / "none"), {}, NOW))
    (tmp_path / "empty.html").write_text("")
    assert isinstance(next(iter(page.read(settings(tmp_path), {}, NOW))), Problem)
