"""How a story stands in each language, and what its versions lack."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.samples import article

from syndicate.languages import folded
from syndicate.model import ArticleState, Author, Bio, Credit, Footnote, Story
from syndicate.stories import Version, standings, unsourced, without_bio

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def story(**states: ArticleState) -> Story:
    made = (article(one, language=one, state=state) for one, state in states.items())
    return Story("s", tuple(made))


def told(found: Story, now: datetime = NOW, **values: object) -> dict[str, Version]:
    return {one.language: one.version for one in standings(found, ("en", "tr", "ar"), now, **values)}  # type: ignore[arg-type]


def test_each_language_of_the_site_has_one_and_others_follow() -> None:
    found = story(tr=ArticleState.PUBLISHED, de=ArticleState.DRAFT, ar=ArticleState.WITHDRAWN)
    assert told(found) == {
        "en": Version.MISSING,
        "tr": Version.OUT,
        "ar": Version.WITHDRAWN,
        "de": Version.DRAFT,
    }


def test_what_is_not_out_yet_is_coming_and_a_translation_that_is_waited_for_is_awaited() -> None:
    found = story(en=ArticleState.PUBLISHED)
    assert told(found, NOW - HOUR)["en"] is Version.COMING
    assert told(found, awaited={"tr": NOW + HOUR}) == {
        "en": Version.OUT,
        "tr": Version.AWAITED,
        "ar": Version.MISSING,
    }


def test_a_change_counts_only_after_the_version_was_mailed() -> None:
    changed = Story("s", (article("a", changed=NOW + 2 * HOUR),))
    later = NOW + 3 * HOUR
    assert told(changed, later)["en"] is Version.OUT
    assert told(changed, later, mailed=NOW + HOUR)["en"] is Version.CHANGED
    assert told(changed, later, mailed=NOW + 2 * HOUR)["en"] is Version.OUT
    assert told(changed, later, mailed=NOW - HOUR)["en"] is Version.OUT


def test_a_bio_in_the_language_of_the_version_is_wanting_or_not() -> None:
    one = article("a", language="tr", authors=(Credit("eda", "Eda"), Credit("can", "Can")))
    known = {
        "eda": Author("eda", "Eda", bios=(Bio("tr", "", ""),)),
        "can": Author("can", "Can", bios=(Bio("en", "", ""),)),
    }
    assert without_bio(one, known) == ("Can",)
    assert without_bio(one, {}) == ("Eda", "Can")


def test_a_note_names_a_source_by_a_link_or_as_something_printed() -> None:
    notes = (
        "See above.",
        '<a href="https://example.org/">There</a>',
        "Smith, <i>Ports</i>, 1987, p. 4",
        "ISBN 3",
    )
    assert unsourced([Footnote(n, html) for n, html in enumerate(notes, 1)]) == (1,)


def test_words_are_found_without_case_accents_and_marks() -> None:
    assert folded("  ÖZGÜRLÜK  ve\tIşık ") == "ozgurluk ve isik"
    assert folded("İstanbul") == folded("istanbul") == folded("ISTANBUL")
    assert folded("Straße") == "strasse"
    assert folded("الميناءُ") == folded("الميناء")
    assert folded("港口") == "港口"


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)
