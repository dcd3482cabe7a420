"""Preflight judges what it is given: each fault is found, what is no fault is not, and every finding has words."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.test_digests_samples import TEMPLATES, content

from syndicate.digests import Digest, compose
from syndicate.digests.preflight import (
    Asked,
    Check,
    Domain,
    Finding,
    Level,
    Score,
    Sheet,
    advice,
    kept,
    links,
    names,
    of_asked,
    of_mail,
    of_mails,
    read,
    results,
    sentence,
    stopping,
    title,
)
from syndicate.digests.preflight.words import ADVICE, SENTENCES, TITLES
from syndicate.languages import SHIPPED
from syndicate.languages.catalogues import read_catalogue
from syndicate.model import Image

NOW = datetime(2026, 5, 4, tzinfo=UTC)
HEAD = {
    "list-unsubscribe": "<https://news.example.org/u/token>, <mailto:out@example.org>",
    "list-unsubscribe-post": "List-Unsubscribe=One-Click",
}
DOMAIN = Domain("news.example.org", "bounce.example.org", (("news.example.org", "may"),))
GOOD = {
    "bounce.example.org": ("some-site-verification=1", "v=spf1 ip4:192.0.2.1 -all"),
    "may._domainkey.news.example.org": ("v=DKIM1; k=rsa; p=MIIB",),
    "_dmarc.news.example.org": (),
    "_dmarc.example.org": ("v=DMARC1; p=reject",),
}


def digest(text: str = "", **values: str) -> Digest:
    made = {"subject": "A subject", "preheader": "", "html": "<p></p>", "text": text, "language": "en"}
    return Digest(**{**made, "direction": "ltr", **values})  # type: ignore[arg-type]


def codes(*found: Finding) -> list[str]:
    return [one.code for one in found]


@pytest.mark.parametrize(
    "left",
    [
        "{{ name }}", "{% if x %}", "*|FNAME|*", "${first.name}", "[[name]]", "%%email%%", "<% x %>", "[unsubscribe]",
        "Lorem ipsum", "TKTK", "TO" + "DO", "[object Object]",
    ],
)  # fmt: skip
def test_what_was_to_be_filled_in_is_found_wherever_it_stands(left: str) -> None:
    image = f'<img alt="{left}">' if '"' not in left and ">" not in left else f"<img alt='{left}'>"
    for made in (digest(f"Hello {left}, there"), digest(subject=f"For {left}"), digest(html=image)):
        (found,) = of_mail(Sheet(made, HEAD))
        assert (found.check, found.level, found.values["found"]) == (Check.PLACEHOLDERS, Level.STOP, left)


@settings(max_examples=40)
@given(st.text(st.characters(exclude_characters="{}[]%<>*$", exclude_categories=["Cs"])))
def test_ordinary_words_are_no_placeholders(text: str) -> None:
    found = [one for one in of_mail(Sheet(digest(text), HEAD)) if one.check is Check.PLACEHOLDERS]
    assert all(str(one.values["found"]) in text and len(str(one.values["found"])) > 3 for one in found)


@pytest.mark.parametrize(
    "text", ["100% of it", "a [note] here", "{one} brace", "Tk and todo", "5 * | 3", "$5 {a}"]
)
def test_marks_of_other_kinds_may_stand(text: str) -> None:
    assert not codes(*of_mail(Sheet(digest(text), HEAD)))


def test_subjects_are_there_short_and_their_own() -> None:
    assert codes(*of_mail(Sheet(digest(subject=" "), HEAD))) == ["no subject"]
    assert codes(*of_mail(Sheet(digest(subject="x" * 71), HEAD))) == ["long subject"]
    assert codes(*of_mail(Sheet(digest(subject="界" * 35), HEAD))) == []
    sheets = [Sheet(digest(), HEAD), Sheet(digest(language="tr"), HEAD)]
    found = of_mails(sheets, ["en", "tr", "ar"], {"tr": "A SUBJECT"})
    assert codes(*found) == ["same subject", "old subject", "no edition", "weight"]


def test_a_mail_that_gmail_would_clip_is_told_of() -> None:
    assert codes(*of_mail(Sheet(digest(html="é" * 51_000), HEAD))) == ["heavy"]
    assert codes(*of_mail(Sheet(digest(html="e" * 51_000), HEAD))) == []


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ({}, "no way out"),
        ({**HEAD, "list-unsubscribe": "<mailto:out@example.org>"}, "no way out"),
        ({**HEAD, "list-unsubscribe": "<http://news.example.org/u/x>"}, "unsafe way out"),
        ({"list-unsubscribe": HEAD["list-unsubscribe"]}, "no way out"),
    ],
)
def test_there_is_a_way_out_with_one_click(head: dict[str, str], code: str) -> None:
    (found,) = of_mail(Sheet(digest(), head))
    assert (found.code, found.level) == (code, Level.STOP)


def test_what_is_not_ready_in_a_language_is_told_of() -> None:
    told = content("az", 2, fallback="en")
    made = compose(told, TEMPLATES)
    lead = told.lead
    assert lead
    silent = replace(lead.complete.article, images=(Image("https://example.org/a.jpg", " "),))
    told = replace(told, lead=replace(lead, complete=replace(lead.complete, article=silent)))
    found = {one.code: one for one in of_mail(Sheet(made, HEAD, told))}
    assert found.keys() == {"silent pictures", "borrowed", "no bio"}
    assert {one.level for one in found.values()} == {Level.NOTE}
    whole = content("en", 2)
    assert codes(*of_mail(Sheet(compose(whole, TEMPLATES), HEAD, whole))) == []


def test_links_are_those_that_a_reader_can_follow_but_for_their_own() -> None:
    html = (
        '<a class="x" href="https://a.example/?a=1&amp;b=2">1</a><A HREF=\'http://b.example/\'>2</A>'
        '<a href="https://a.example/?a=1&amp;b=2">again</a><a href="mailto:x@example.org">3</a>'
        '<a href="\ue000unsubscribe\ue001">4</a><img src="https://c.example/" href="https://d.example/">'
        '<a title="a > b" href="https://e.example/">5</a>'
    )
    assert links(html) == ("https://a.example/?a=1&b=2", "http://b.example/", "https://e.example/")


def test_links_that_are_gone_stop_and_those_in_doubt_do_not() -> None:
    said = {
        "https://a.example/": "",
        "https://b.example/": "answered HTTP 404",
        "https://c.example/": "the name c.example cannot be resolved",
        "https://d.example/": "answered HTTP 403",
    }
    found = list(of_asked(Asked(NOW, said, GOOD), [*said, "https://new.example/"], DOMAIN))
    assert codes(*found) == ["dead link", "dead link", "doubtful link", "new links", "links", "no filter"]
    assert codes(*stopping(found)) == ["dead link", "dead link"]
    assert found[4].values == {"n": 1}


def test_nobody_asked_is_not_the_same_as_nothing_wrong() -> None:
    found = list(of_asked(None, ["https://a.example/"], DOMAIN))
    assert {one.level for one in found} == {Level.UNKNOWN}
    assert [one.check for one in found] == [Check.LINKS, Check.SPAM, Check.DOMAIN]
    assert codes(*of_asked(None, [], replace(DOMAIN, is_real=False)))[-1] == "folder"


@pytest.mark.parametrize(
    ("changed", "code", "level"),
    [
        ({}, "", Level.OK),
        ({"bounce.example.org": ()}, "no SPF", Level.STOP),
        ({"bounce.example.org": ("v=spf1 -all", "v=spf1 mx -all")}, "two SPF", Level.STOP),
        ({"bounce.example.org": ("v=spf1 mx +all",)}, "open SPF", Level.NOTE),
        ({"bounce.example.org": ("v=spf10 -all",)}, "no SPF", Level.STOP),
        ({"bounce.example.org": None}, "no answer", Level.NOTE),
        ({"may._domainkey.news.example.org": ()}, "no DKIM", Level.STOP),
        ({"may._domainkey.news.example.org": ("v=DKIM1; p=",)}, "dead DKIM", Level.STOP),
        ({"_dmarc.example.org": ()}, "no DMARC", Level.STOP),
        ({"_dmarc.example.org": (), "_dmarc.news.example.org": ("V=DMARC1;p=none",)}, "", Level.OK),
        ({"_dmarc.example.org": None}, "no answer", Level.NOTE),
    ],
)
def test_a_domain_has_spf_dkim_and_dmarc(changed: dict[str, object], code: str, level: Level) -> None:
    assert set(names(DOMAIN)) == set(GOOD)
    records: dict[str, tuple[str, ...] | None] = {**GOOD, **changed}  # type: ignore[dict-item]
    found = [one for one in of_asked(Asked(NOW, {}, records), [], DOMAIN) if one.check is Check.DOMAIN]
    assert codes(*found) == ([code] if code else [])
    assert results(found)[list(Check).index(Check.DOMAIN)].level is level


@pytest.mark.parametrize(("points", "level"), [(-1.2, Level.OK), (3.0, Level.NOTE), (5.0, Level.STOP)])
def test_points_that_make_a_mail_spam(points: float, level: Level) -> None:
    asked = Asked(NOW, scores={"en": Score(points, 5.0, ("A_RULE",))}, has_spam_filter=True)
    (found,) = (one for one in of_asked(asked, [], DOMAIN) if one.check is Check.SPAM)
    assert (found.level, found.language) == (level, "en")


@given(st.text(max_size=9), st.text(max_size=9))
def test_what_was_said_is_kept_as_it_was(one: str, other: str) -> None:
    scores = {one: Score(-0.5, 5.0, (other, "B"))}
    for records, has in (({one: None, other: (one, other)}, True), ({one: ()}, False)):
        asked = Asked(NOW, {one: other, other: ""}, records, scores, has)
        assert read(kept(asked), NOW) == asked


LEVELS = st.builds(Finding, st.sampled_from(Check), st.sampled_from(Level), st.just("not asked"))


@settings(max_examples=40)
@given(st.lists(LEVELS, max_size=12))
def test_a_check_is_as_bad_as_the_worst_in_it(found: list[Finding]) -> None:
    order = list(Level)
    for one in results(found):
        mine = [finding for finding in found if finding.check is one.check]
        assert sorted(one.findings, key=id) == sorted(mine, key=id)
        assert all(order.index(finding.level) <= order.index(one.level) for finding in mine)
        assert one.level is Level.OK if not mine else one.level in {finding.level for finding in mine}


def test_every_finding_and_check_has_words_in_every_language() -> None:
    known = {
        key if isinstance(key, str) else key[0]
        for key in (message.id for message in read_catalogue("en") if message.id)
    }
    assert {one for one, _ in SENTENCES.values()} | {*TITLES.values(), *ADVICE.values()} <= known
    assert set(TITLES) == set(ADVICE) == set(Check)
    values = {"found": "x", "n": 3, "tongue": "de", "name": "x", "kb": 4, "link": "x", "reason": "x"}
    for language in SHIPPED:
        for code in SENTENCES:
            given = {**values, "points": "1", "limit": "5"}
            told = sentence(Finding(Check.SIZE, Level.NOTE, code, given), language)
            assert told
            assert "{" not in told
        assert all(title(check, language) and advice(check, language) for check in Check)
