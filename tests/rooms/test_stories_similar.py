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


@pytest.fixture
def patching(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small archives are patched as large ones are, instead of made anew."""
    monkeypatch.setattr(index_module, "EXACT", -1)
    monkeypatch.setattr(index_module, "STALE", 10.0)


def overlap(one: dict[str, list[str]], other: dict[str, list[str]]) -> float:
    """The mean share of entries that two sets of answers have in common."""
    return sum(len(set(one[i]) & set(other[i])) / max(1, len(other[i])) for i in other) / len(other)


@pytest.mark.usefixtures("patching")
@pytest.mark.parametrize("late", ["en/sea-3", "tr/law-1", "en/bread-0"])
def test_a_patch_comes_close_to_a_rebuild(late: str) -> None:
    documents = newsroom(("en", "tr"), 8)
    index = built([d for d in documents if d.id != late])
    before = answers(index, documents)
    changed = index.update([d for d in documents if d.id == late], [])
    after, exact = answers(index, documents), answers(built(documents), documents)
    assert late in changed
    assert {i for i in after if before[i] != after[i]} <= changed
    assert overlap(after, exact) >= 0.9
    assert len(set(after[late]) & set(exact[late])) >= 4
    assert any(late in found for found in after.values())


@pytest.mark.usefixtures("patching")
def test_a_patched_article_changes_its_neighbours() -> None:
    documents = newsroom(("en",), 8)
    index = built(documents)
    old = next(d for d in documents if d.id == "en/sea-0")
    law = next(d for d in documents if d.id == "en/law-7")
    new = Document(**{f: getattr(old, f) for f in old.__slots__} | {"text": law.text, "title": law.title})
    changed = index.update([new], [])
    assert {n.story.split("-")[0] for n in index.similar("en/sea-0", ("en",), 3)} == {"law"}
    assert "en/sea-0" in changed
    assert any(i.startswith("en/sea") for i in changed - {"en/sea-0"})
    sea = answers(index, [d for d in documents if d.id.startswith("en/sea") and d.id != "en/sea-0"], 6)
    assert all("en/sea-0" not in found for found in sea.values())


@pytest.mark.usefixtures("patching")
def test_patches_are_found_again(tmp_path: Path) -> None:
    documents = newsroom(("en", "tr"))
    index = Index.open(tmp_path)
    index.rebuild(documents[:-4])
    index.save()
    for document in documents[-4:]:
        index.update([document], [])
        index.save()
    index.update([], ["en/sea-1"])
    index.save()
    left = [d for d in documents if d.id != "en/sea-1"]
    again = Index.open(tmp_path)
    assert not again.needs_rebuild
    assert answers(again, left) == answers(index, left)
    assert again.similar("en/sea-1", ("en",), 3) == ()
    assert len(list(tmp_path.glob("*.npz"))) == 5


def test_another_process_reads_what_was_saved(tmp_path: Path) -> None:
    documents = newsroom()
    index = Index.open(tmp_path)
    index.update(documents, [])
    index.save()
    code = (
        "import sys; from pathlib import Path; from syndicate.stories.similar import Index;"
        "i = Index.open(Path(sys.argv[1]));"
        "print(*[n.article for n in i.similar('en/law-0', ('en',), 5)], i.needs_rebuild)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert out.stdout.split() == [*answers(index, documents)["en/law-0"], "False"]


def test_a_reader_keeps_its_view_while_the_writer_goes_on(tmp_path: Path) -> None:
    documents = newsroom()
    writer = Index.open(tmp_path)
    writer.rebuild(documents)
    writer.save()
    reader = Index.open(tmp_path)
    writer.rebuild(documents[:-1])
    writer.save()
    assert len(answers(reader, documents)) == len(documents)
    assert Index.open(tmp_path).similar(documents[-1].id, ("tr",), 5) == ()


@pytest.mark.parametrize("harm", ["version", "manifest", "short", "facts", "missing", "patch"])
def test_damaged_files_ask_for_a_rebuild(tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "EXACT", -1)
    documents = newsroom(("en",), 10)
    index = Index.open(tmp_path)
    index.rebuild(documents[:-1])
    index.save()
    index.update(documents[-1:], [])
    index.save()
    manifest, arrays = tmp_path / "manifest.json", next(tmp_path.glob("*.arrays"))
    match harm:
        case "version":
            manifest.write_text(manifest.read_text().replace('"version": 2', '"version": 0'))
        case "manifest":
            manifest.write_text("{")
        case "short":
            arrays.write_bytes(arrays.read_bytes()[:-1])
        case "facts":
            next(tmp_path.glob("g*.json")).write_text("[]")
        case "missing":
            arrays.unlink()
        case "patch":
            next(tmp_path.glob("*.npz")).write_bytes(b"PK")
    again = Index.open(tmp_path)
    assert again.needs_rebuild
    again.rebuild(documents)
    again.save()
    assert not Index.open(tmp_path).needs_rebuild
    assert answers(Index.open(tmp_path), documents) == answers(built(documents), documents)


def test_an_empty_index_wants_to_be_built(tmp_path: Path) -> None:
    index = Index.open(tmp_path / "new")
    assert index.needs_rebuild
    assert index.similar("en/sea-0", ("en",), 5) == ()
    index.rebuild([])
    index.save()
    assert index.update(newsroom(), []) == {d.id for d in newsroom()}
    assert not index.needs_rebuild


@pytest.mark.usefixtures("patching")
def test_the_first_article_of_a_new_language_has_neighbours() -> None:
    documents = newsroom(("en",))
    index = built(documents)
    french = Document(
        id="fr/x", story="sea-1", language="fr", title="La mer", text="Les pêcheurs.", published=START
    )
    index.update([french], [])
    assert index.similar("fr/x", ("fr",), 5) == ()
    assert {n.language for n in index.similar("fr/x", ("fr", "en"), 5)} == {"en"}


def test_siblings_are_capped_but_not_banned() -> None:
    releases = [
        Document(
            id=f"r{n}", story=f"r{n}", language="en", title=f"Version 3.{n} released",
            text="This release mends the parser and the compiler.\nMany thanks to all contributors of code.",
            published=START + timedelta(days=n),
        )
        for n in range(6)
    ]  # fmt: skip
    index = built(releases + newsroom(("en",)))
    found = [n.story for n in index.similar("r0", ("en",), 20)]
    assert len({s for s in found if s.startswith("r")}) == 5
    assert len([s for s in found[:5] if s.startswith("r")]) >= 2


def test_links_teach_what_is_related() -> None:
    """A newsroom that always links the story of the same day, whatever it says, is understood."""
    documents = []
    for n in range(60):
        text = " ".join(f"word{(n * 7 + i * i) % 90}" for i in range(30))
        common = {"language": "en", "published": START + timedelta(days=40 * n)}
        documents += [
            Document(id=f"a{n}", story=f"a{n}", title=f"Alpha {n}", text=text, links=(f"b{n}",), **common),
            Document(id=f"b{n}", story=f"b{n}", title=f"Beta {n}", text=f"other{n % 9} thing {n}", **common),
        ]
    index = built(documents)
    assert index.method == "F"
    assert sum(index.similar(f"a{n}", ("en",), 3)[0].story == f"b{n}" for n in range(60)) >= 50
    few = [d if int(d.id[1:]) < 5 else Document(**{f: getattr(d, f) for f in d.__slots__} | {"links": ()})
           for d in documents]  # fmt: skip
    assert built(few).method == "S·t"


@pytest.mark.usefixtures("patching")
def test_a_newcomer_is_ranked_by_what_was_learnt(tmp_path: Path) -> None:
    documents = []
    for n in range(40):
        text = " ".join(f"word{(n * 7 + i * i) % 90}" for i in range(30))
        common = {"language": "en", "published": START + timedelta(days=40 * n)}
        documents += [
            Document(id=f"a{n}", story=f"a{n}", title=f"Alpha {n}", text=text, links=(f"b{n}",), **common),
            Document(id=f"b{n}", story=f"b{n}", title=f"Beta {n}", text=f"other{n % 9} thing {n}", **common),
        ]
    index = Index.open(tmp_path)
    index.rebuild(documents[:-1])
    index.save()
    index.update(documents[-1:], [])
    index.save()
    assert index.method == "F"
    for each in (index, Index.open(tmp_path)):
        assert [n.story for n in each.similar("b39", ("en",), 1)] == ["a39"]
        assert each.similar("a39", ("en",), 2)[0].story == "b39"


LANGUAGES = ("en", "tr", "zh")
WORDS = "sea boat net bread oven law court judge harbour İstanbul IŞIK 海 港口 面包 10.5 !"
WORD = st.sampled_from(WORDS.split())
DOCUMENTS = st.lists(
    st.builds(
        lambda story, language, words, day, tag: Document(
            id=f"{language}-{story}", story=f"s{story}", language=language, title=" ".join(words[:2]),
            text=" ".join(words), published=START + timedelta(days=day), tags=(tag,), links=(f"s{day % 7}",),
        ),
        st.integers(0, 7), st.sampled_from(LANGUAGES), st.lists(WORD, max_size=9), st.integers(0, 900),
        st.sampled_from("xyz"),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(DOCUMENTS, DOCUMENTS, st.sets(st.integers(0, 11)), st.permutations(LANGUAGES), st.booleans())
def test_whatever_happens_the_promises_hold(
    first: list[Document], second: list[Document], gone: set[int], reads: list[str], patch: bool
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        if patch:
            patched.setattr(index_module, "EXACT", -1)
            patched.setattr(index_module, "STALE", 10.0)
        index = built(first)
        removed = [d.id for n, d in enumerate(first) if n in gone]
        index.update(second, removed)
    present = {d.id: d for d in first} | {d.id: d for d in second}
    for id in removed:
        present.pop(id, None)
    for id in removed:
        assert index.similar(id, reads, 5) == ()
    for document in present.values():
        check(index.similar(document.id, reads, 5), document, present, reads)


def check(found: tuple, document: Document, present: dict[str, Document], reads: list[str]) -> None:
    assert all(n.article in present and present[n.article].story == n.story for n in found)
    assert all(present[n.article].language == n.language for n in found)
    stories = [n.story for n in found]
    assert document.story not in stories
    assert len(stories) == len(set(stories))
    places = [reads.index(n.language) for n in found]
    assert places == sorted(places)
    others = {d.story for d in present.values() if d.language in reads} - {document.story}
    assert len(found) == min(5, len(others))
    for n in found:
        earlier = {d.language for d in present.values() if d.story == n.story}
        assert n.language == next(language for language in reads if language in earlier)
