"""Feeds to test with: a small newsroom in four languages, and hypothesis strategies for hostile ones."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from syndicate.feeds import Feed, FeedKey, FeedScope, FeedSummary, Tombstone
from syndicate.model import (
    Article,
    Bio,
    Byline,
    CompleteArticle,
    Credit,
    Footnote,
    Image,
    Link,
    SimilarPost,
    Site,
    Tag,
    Translation,
)

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SITE = Site(
    name={"en": "The Strait", "tr": "Boğaz", "ar": "المضيق", "ru": "Пролив"},
    description={
        "en": "News from both shores & between",
        "tr": "İki yakadan haberler",
        "ar": "أخبار من الضفتين",
    },
    url="https://strait.example.org",
    public_url="https://feeds.example.org",
    id_authority="strait.example.org,2026",
    languages=("tr", "en", "ru", "ar"),
    timezone="Europe/Istanbul",
    postal_address="1 Quay Street",
    logo="https://strait.example.org/logo.png",
    licence="https://creativecommons.org/licenses/by/4.0/",
    hubs=("https://hub.example.org/",),
)
TITLES = {
    "en": "Ferries return to the old quay",
    "tr": "Vapurlar eski iskeleye dönüyor",
    "ru": "Паромы возвращаются к старому причалу",
    "ar": "العبّارات تعود إلى الرصيف القديم",
}
BODY = (
    '<p>First paragraph<sup><a id="fnref-1" href="#fn-1">1</a></sup> with <em>weight</em> &amp; a '
    '<a href="https://example.org/a?x=1&amp;y=2">link</a>.</p><h2>More</h2><blockquote lang="fr"><p>Mot à mot'
    '<sup><a id="fnref-1-2" href="#fn-1">1</a></sup></p></blockquote><ol><li>one</li><li>two'
    '<sup><a id="fnref-2" href="#fn-2">2</a></sup></li></ol>'
)
NOTES = (
    Footnote(1, "Said <em>twice</em>.", 2),
    Footnote(2, 'See <a href="https://example.org/s">there</a>.'),
)
PHOTO = "https://strait.example.org/photos/ayse.jpg"
AYSE = Byline(
    "ayse-demir",
    "Ayşe Demir",
    photo=PHOTO,
    url="https://strait.example.org/ayse",
    links=(Link("ORCID", "https://orcid.org/0000-0001"),),
    bio=Bio("tr", "<p>Ayşe Demir <em>Boğaz</em> muhabiridir.</p>", "Ayşe Demir Boğaz muhabiridir."),
)
OMAR = Byline("omar-haddad", "عمر حداد", bio=Bio("ar", "<p>صحفي من حلب.</p>", "صحفي من حلب."))
LENA = Byline("lena", "Лена Орлова", is_translator=True)


def article(number: int = 1, language: str = "en", **changes: object) -> Article:
    """Article ``number``, published that many days after the start."""
    published = START + timedelta(days=number)
    values: dict[str, object] = {
        "source": "folder",
        "key": f"{language}/{number}.md",
        "group": str(number),
        "language": language,
        "title": f"{TITLES.get(language, 'Title')} {number}",
        "url": f"https://strait.example.org/{language}/{number}",
        "published": published,
        "body_html": BODY,
        "summary": "Ships & people, <in> short.",
        "footnotes": NOTES,
        "images": (Image("https://strait.example.org/i/1.jpg", "A ferry", "Photo: “A & B”", 640, 360),),
        "tags": (Tag("ships", "Ships & boats"), Tag("city", "Şehir")),
        "authors": (Credit("ayse-demir", "Ayşe Demir"), Credit("omar-haddad", "عمر حداد")),
        "translators": (Credit("lena", "Лена Орлова"),),
        "id": f"tag:strait.example.org,2026:a/{number}-{language}",
        "story": f"s{number}",
        "sequence": number,
        "available": published,
        "changed": published + timedelta(hours=2),
        "content_hash": "0" * 64,
    }
    return Article(**{**values, **changes})  # type: ignore[arg-type]


def complete(number: int = 1, language: str = "en", **changes: object) -> CompleteArticle:
    """The same with bylines in three scripts, translations and similar posts."""
    others = [code for code in TITLES if code != language]
    return CompleteArticle(
        article(number, language, **changes),
        bylines=(AYSE, OMAR, LENA),
        translations=tuple(
            Translation(o, f"{TITLES[o]} {number}", f"https://strait.example.org/{o}/{number}")
            for o in others
        ),
        similar=(
            SimilarPost("tag:x", "s9", language, "Near & dear", "https://strait.example.org/n/9"),
            SimilarPost("tag:y", "s8", "tr", "Köprüler", "https://strait.example.org/tr/8", marked=True),
        ),
    )


def feed(language: str = "en", count: int = 3, **changes: object) -> Feed:
    """The site's feed in one language (or ``all``), with one tombstone."""
    spoken = list(TITLES) if language == "all" else [language]
    items = tuple(complete(n, spoken[n % len(spoken)]) for n in range(count, 0, -1))
    values: dict[str, object] = {
        "key": FeedKey(language),
        "title": SITE.text(SITE.name, language),
        "description": SITE.text(SITE.description, language),
        "items": items,
        "site": SITE,
        "updated": max((i.article.changed for i in items), default=START),
        "tombstones": (
            Tombstone("tag:strait.example.org,2026:a/0-en", START, "https://strait.example.org/en/0"),
        ),
        "translations": tuple(FeedKey(code) for code in TITLES if code != language),
    }
    return Feed(**{**values, **changes})  # type: ignore[arg-type]


def summaries() -> list[FeedSummary]:
    """Every kind of feed, in every language."""
    found = []
    for language in (*TITLES, "all"):
        name = SITE.text(SITE.name, language)
        described = SITE.text(SITE.description, language)
        found += [
            FeedSummary(FeedKey(language), name, described, START, 31),
            FeedSummary(FeedKey(language, FeedScope.AUTHOR, "ayse-demir"), "Ayşe Demir", "", START, 7),
            FeedSummary(FeedKey(language, FeedScope.AUTHOR, "omar-haddad"), "عمر حداد", "", START, 1),
            FeedSummary(FeedKey(language, FeedScope.TAG, "ships"), "Ships & boats", "", START, 12),
        ]
    return found


HOSTILE = (
    "]]>",
    "<script>alert(1)</script>",
    "AT&T &amp; &#0; &copy",
    "</title><b>bold</b>",
    "\x00\x08\x0b\x1b\x7f\x85\x9f",
    "\ud800\udfff",
    "\ufffe\uffff\U0001ffff\ufdd0",
    "\u202egnirts\u202c \u2066x\u2069",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "שלום مرحبا 你好",
    "\"quoted\" 'single'",
    "=?utf-8?q?Hi=0D=0ABcc:_evil@x?=",
    "line\r\nbreak\ttab",
    "a\u2028b\u2029c",
)
MOJIBAKE = "ÂÃ"  # the validator takes Latin text after these for UTF-8 read twice, and warns of it
hostile_text = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_characters=MOJIBAKE), max_size=12)),
    max_size=4,
).map("".join)
hostile_url = st.one_of(
    st.sampled_from(
        (
            "https://example.org/a b?q=ü&x=<y>#frag",
            "https://müller.example/ğ",
            "javascript:alert(1)",
            "//example.org/x",
            "../relative",
            "https://[bad",
            "http://example.org:99999/",
            "",
        )
    ),
    hostile_text.map(lambda t: f"https://example.org/{t}"),
)
moments = st.datetimes(datetime(1995, 1, 1), datetime(2026, 9, 1)).map(lambda d: d.replace(tzinfo=UTC))


@st.composite
def hostile_articles(draw: st.DrawFn, number: int) -> CompleteArticle:
    """An article whose plain texts and addresses are anything (its HTML is as ``sources`` cleans it)."""
    published = draw(moments)
    language = draw(st.sampled_from(("en", "tr", "ar", "zh-TW", "pt-BR")))
    names = draw(st.lists(hostile_text, max_size=3))
    changed = published + draw(st.timedeltas(timedelta(0), timedelta(days=30)))
    made = article(
        number,
        language,
        title=draw(hostile_text),
        summary=draw(hostile_text),
        url=draw(hostile_url),
        published=published,
        available=published,
        changed=changed,
        state_note=draw(hostile_text),
        body_html=draw(
            st.sampled_from(("", BODY, "<p>\x00\x1b plain</p>", '<pre>a &lt; b ]]&gt; href="#fn-1"</pre>'))
        ),
        images=draw(
            st.sampled_from(((), (Image("https://example.org/ı.png", "a\x00<b>"),), (Image("x.png", ""),)))
        ),
        tags=tuple(Tag(f"t{i}", label) for i, label in enumerate(draw(st.lists(hostile_text, max_size=2)))),
        authors=tuple(Credit(f"k{i}", name) for i, name in enumerate(names)),
        translators=(),
    )
    bylines = tuple(
        Byline(f"k{i}", n, url=draw(hostile_url), photo=draw(hostile_url)) for i, n in enumerate(names)
    )
    translations = tuple(
        Translation(code, draw(hostile_text), draw(hostile_url)) for code in ("de", "de", language)
    )
    similar = (
        SimilarPost("i", "s", draw(st.sampled_from(("en", "he"))), draw(hostile_text), draw(hostile_url)),
    )
    return CompleteArticle(made, bylines, translations, similar)


@st.composite
def hostile_feeds(draw: st.DrawFn) -> Feed:
    items = tuple(draw(hostile_articles(n)) for n in range(draw(st.integers(0, 4)), 0, -1))
    return feed(
        draw(st.sampled_from(("en", "ar", "all"))),
        0,
        title=draw(hostile_text),
        description=draw(hostile_text),
        items=items,
        updated=max((i.article.changed for i in items), default=START),
        page=draw(st.sampled_from((None, 2))),
        previous_archive=1,
    )
