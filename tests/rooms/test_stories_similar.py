"""Similar posts: the promises of the index, on a small newsroom in several languages."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.stories.similar import Document, Index
from syndicate.stories.similar import index as index_module

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
TOPICS = {
    "sea": {
        "en": "fishermen harbour boats nets storm coast tide",
        "tr": "balıkçılar liman tekne ağlar fırtına kıyı gelgit",
        "ja": "漁師たちは港で船と網を嵐から守る",
        "zh": "渔民在港口保护船只和渔网免受风暴",
    },
    "bread": {
        "en": "bakery flour oven loaf yeast crust dough",
        "tr": "fırın un ekmek maya hamur kabuk somun",
        "ja": "パン屋は小麦粉と酵母で生地を焼く",
        "zh": "面包店用面粉和酵母烤面团",
    },
    "law": {
        "en": "court judge verdict appeal lawyer hearing trial",
        "tr": "mahkeme yargıç karar temyiz avukat duruşma dava",
        "ja": "裁判所の判事は判決と控訴を審理する",
        "zh": "法院法官审理判决和上诉案件",
    },
}


def newsroom(languages: tuple[str, ...] = ("en", "tr"), each: int = 5) -> list[Document]:
    """``each`` stories of each topic, in all ``languages``."""
    found = []
    for topic, texts in TOPICS.items():
        for n in range(each):
            for language in languages:
                words = texts[language].split()
                text = " ".join(words[(n + i) % len(words)] for i in range(max(4, len(words) - 2)))
                found.append(
                    Document(
                        id=f"{language}/{topic}-{n}",
                        story=f"{topic}-{n}",
                        language=language,
                        title=f"{texts[language].split()[n % len(words)]} {topic}{chr(97 + n)}",
                        text=f"{text} {text}",
                        published=START + timedelta(days=3 * n + len(topic)),
                        tags=(topic,),
                        authors=("ada",),
                    )
                )
    return found


def built(documents: list[Document]) -> Index:
    index = Index.open(None)
    index.rebuild(documents)
    return index


def answers(index: Index, documents: list[Document], k: int = 5) -> dict[str, list[str]]:
    return {d.id: [n.article for n in index.similar(d.id, (d.language,), k)] for d in documents}


@pytest.mark.parametrize("language", ["en", "tr", "ja", "zh"])
def test_stories_of_the_same_topic_come_first(language: str) -> None:
    index = built(newsroom((language,)))
    for topic in TOPICS:
        found = index.similar(f"{language}/{topic}-0", (language,), 4)
        assert {n.story.split("-")[0] for n in found} == {topic}
        assert all(n.score > 0 for n in found)
        assert [n.score for n in found] == sorted((n.score for n in found), reverse=True)


def test_first_the_readers_first_language_then_the_next() -> None:
    documents = [d for d in newsroom() if d.id not in ("tr/sea-1", "tr/sea-2")]
    index = built(documents)
    found = index.similar("tr/sea-0", ("tr", "en"), 14)
    assert [n.language for n in found] == ["tr"] * 12 + ["en"] * 2
    assert {n.story for n in found[12:]} == {"sea-1", "sea-2"}
    assert "sea-0" not in {n.story for n in found}
    assert {n.language for n in index.similar("tr/sea-0", ("en",), 5)} == {"en"}
    assert index.similar("tr/sea-0", (), 5) == ()


def test_another_language_only_where_the_reader_reads_it() -> None:
    index = built(newsroom())
    assert {n.language for n in index.similar("en/law-0", ("en",), 50)} == {"en"}
    assert len(index.similar("en/law-0", ("en", "tr"), 50)) == 14


def test_the_order_of_documents_does_not_matter() -> None:
    documents = newsroom(("en", "tr", "ja"))
    one, other = built(documents), built(documents[::-1])
    assert answers(one, documents, 9) == answers(other, documents, 9)


def test_same_set_same_bytes(tmp_path: Path) -> None:
    documents = newsroom()
    for name, order in (("a", documents), ("b", documents[::-1])):
        index = Index.open(tmp_path / name)
        index.rebuild(order)
        index.save()
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert files == sorted(p.name for p in (tmp_path / "b").iterdir())
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)


def test_a_removed_article_leaves_every_list_at_once() -> None:
    documents = newsroom(("en",))
    index = built(documents)
    holders = {id for id, found in answers(index, documents).items() if "en/sea-2" in found}
    assert holders
    changed = index.update([], ["en/sea-2"])
    assert holders <= changed
    assert "en/sea-2" not in changed
    assert index.similar("en/sea-2", ("en",), 5) == ()
    left = [d for d in documents if d.id != "en/sea-2"]
    found = answers(index, left)
    assert all("en/sea-2" not in entries and len(entries) == 5 for entries in found.values())


def test_small_archives_are_exact_after_any_update() -> None:
    documents = newsroom(("en", "tr"))
    index = Index.open(None)
    for document in documents[::3] + documents[1::3] + documents[2::3]:
        index.update([document], [])
    assert answers(index, documents, 9) == answers(built(documents), documents, 9)
