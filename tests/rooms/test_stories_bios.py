"""Who wrote it: names in the reader's language, bios in the nearest there is, each saying its own."""

from datetime import UTC, datetime

import pytest

from syndicate.model import Article, Author, Bio, Byline, Credit, Link
from syndicate.stories import best_bio, bylines

SITE = ("tr", "en", "ru", "zh")
MOMENT = datetime(2026, 6, 1, tzinfo=UTC)


def bio(language: str) -> Bio:
    return Bio(language, f"<p>{language}</p>", language)


def article(authors: tuple[Credit, ...], translators: tuple[Credit, ...] = ()) -> Article:
    return Article(
        source="s", key="k", group="g", language="en", title="t", url="https://e.org/", published=MOMENT,
        body_html="", authors=authors, translators=translators, id="i", story="s", sequence=1,
        available=MOMENT, changed=MOMENT, content_hash="0",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("held", "reader", "found"),
    [
        (("tr", "en"), "en", "en"),
        (("tr", "en"), "ru", "tr"),
        (("ru", "en"), "zh", "en"),
        (("de", "az"), "en", "az"),
        (("zh-TW", "tr"), "zh", "zh-TW"),
        (("en", "en-GB"), "en-GB", "en-GB"),
        ((), "en", None),
    ],
)
def test_the_nearest_bio_says_its_own_language(held: tuple[str, ...], reader: str, found: str | None) -> None:
    chosen = best_bio([bio(language) for language in held], reader, SITE)
    assert (chosen.language if chosen else None) == found


def test_authors_then_translators_each_once() -> None:
    both = article(
        (Credit("a", "A"), Credit("b", "B"), Credit("a", "A")), (Credit("b", "B"), Credit("c", "C"))
    )
    assert [(b.key, b.is_translator) for b in bylines(both, {}, "en", SITE)] == [
        ("a", False),
        ("b", False),
        ("c", True),
    ]


def test_a_known_author_is_named_as_the_reader_writes_and_an_unknown_one_as_printed() -> None:
    ayse = Author(
        "ayse", "Ayşe Öz", (("ru", "Айше Оз"),), "https://e.org/a.jpg",
        (Link("ORCID", "https://orcid.org/1"), Link("Home", "https://e.org")), (bio("tr"),),
    )  # fmt: skip
    credits = article((Credit("ayse", "A. Öz"), Credit("x", "Someone Else")))
    known, unknown = bylines(credits, {"ayse": ayse}, "ru", SITE)
    assert (known.name, known.bio, known.url) == ("Айше Оз", bio("tr"), "https://orcid.org/1")
    assert unknown == Byline("x", "Someone Else")
    assert bylines(credits, {"ayse": ayse}, "en", SITE)[0].name == "Ayşe Öz"
