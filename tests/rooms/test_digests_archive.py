"""The edition as a web page: everything in full, nobody's own links, ids that meet."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import lxml.html
import pytest
from tests.rooms.test_digests_samples import DAY, NEWSLETTER, SITE, TEMPLATES, article, content

from syndicate.digests import ArchivedIssue, ArchiveListing, archive_index, archive_page
from syndicate.digests.slots import CLOSE, OPEN
from syndicate.languages import SHIPPED, direction
from syndicate.model import Footnote


def page(raw: bytes) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(raw)


@pytest.mark.parametrize("language", SHIPPED)
def test_every_story_is_told_in_full_without_personal_links(language: str) -> None:
    edition = content(language, 6, "ar" if language != "ar" else "en")
    edition = replace(edition, items=edition.items[:2], on_the_web=edition.items[2:])
    raw = archive_page(edition, TEMPLATES)
    html = page(raw)
    assert (html.get("lang"), html.get("dir")) == (language, direction(language))
    assert len(html.findall(".//article")) == 6
    assert len(html.findall(".//article//blockquote")) == 6
    assert OPEN not in raw.decode()
    assert CLOSE not in raw.decode()
    assert "/u/" not in raw.decode()
    assert not html.xpath("//script")
    assert len(html.xpath("//h1")) == 1


def test_ids_are_unique_and_every_fragment_leads_somewhere() -> None:
    html = page(archive_page(content("en", 5), TEMPLATES))
    ids = html.xpath("//@id")
    assert len(ids) == len(set(ids))
    fragments = [h[1:] for h in html.xpath("//@href") if h.startswith("#")]
    assert set(fragments) <= set(ids)
    assert "s2-fn-1" in fragments
    assert "s2-fnref-1" in fragments


def test_headings_step_down_without_gaps_under_each_article() -> None:
    html = page(archive_page(content("en", 3), TEMPLATES))
    levels = [int(h.tag[1]) for h in html.xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_feeds_and_sibling_editions_are_announced() -> None:
    html = page(archive_page(content("en", 2), TEMPLATES))
    assert html.xpath("//link[@type='application/atom+xml']/@href") == [
        "https://news.crossroads.example.org/feeds/en/atom.xml"
    ]
    assert html.xpath("//link[@hreflang]/@hreflang") == ["en", "tr", "ar"]
    assert html.xpath("//nav//a[@aria-current='page']/@hreflang") == ["en"]
    assert html.xpath("//nav//a[@hreflang='ar']/@dir") == ["rtl"]


def test_a_note_referred_to_twice_leads_back_twice() -> None:
    body = '<p>a<sup><a id="fnref-1" href="#fn-1">1</a></sup> b<sup><a id="fnref-1-2" href="#fn-1">1</a></sup></p>'
    twice = article("en", 0, body_html=body, footnotes=(Footnote(1, "note", references=2),))
    edition = content("en", 1)
    assert edition.lead is not None
    html = page(archive_page(replace(edition, lead=replace(edition.lead, complete=twice)), TEMPLATES))
    assert html.xpath("//li[@id='s1-fn-1']/a/@href") == ["#s1-fnref-1", "#s1-fnref-1-2"]


def test_hostile_words_do_not_become_markup() -> None:
    evil = article(
        "en", 0, title="</title><script>alert(1)</script>\u202e", series='"><img src=x onerror=alert(1)>'
    )
    edition = content("en", 1)
    assert edition.lead is not None
    html = page(archive_page(replace(edition, lead=replace(edition.lead, complete=evil)), TEMPLATES))
    assert not html.xpath("//script|//*[@onerror]")
    assert "\u202e" not in html.text_content()


@pytest.mark.parametrize("language", ["en", "ar", "zh"])
def test_the_list_of_issues(language: str) -> None:
    issues = tuple(
        ArchivedIssue(DAY - timedelta(weeks=n), f"Issue <{n}>", f"https://example.org/{n}/", n)
        for n in range(3)
    )
    listing = ArchiveListing(
        newsletter=NEWSLETTER, site=SITE, language=language, url="https://example.org/", issues=issues
    )
    html = page(archive_index(listing, TEMPLATES))
    assert html.get("dir") == direction(language)
    assert [a.text_content() for a in html.xpath("//main//li/a")] == ["Issue <0>", "Issue <1>", "Issue <2>"]
    assert html.xpath("//time/@datetime")[0] == date(2026, 11, 23).isoformat()
