# ruff: noqa: E501
"""A small invented newsroom in all shipped languages, for the tests of the digests, and what proves it sound."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from syndicate.digests import EditionArticle, EditionContent, Recipient, Sender, Sibling, sender
from syndicate.languages import SHIPPED, endonym
from syndicate.model import (
    Article,
    Bio,
    Byline,
    CompleteArticle,
    Credit,
    Footnote,
    Image,
    Newsletter,
    SimilarPost,
    Site,
)

ROOT = Path(__file__).parents[2]
TEMPLATES = (ROOT / "templates",)
DAY = date(2026, 11, 23)
WHEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)

TITLES = {
    "tr": (
        "Denizden sonra Aral: kuru tabanı okumayı öğrenmek",
        "Hazar’da bir feribot tarifesi neden tutmuyor?",
        "Kervan yolundan ray döşemeye",
    ),
    "en": (
        "After the sea: learning to read the dry bed of the Aral",
        "Why no ferry timetable holds on the Caspian",
        "From caravan road to railway",
    ),
    "ru": (
        "После моря: как научиться читать сухое дно Арала",
        "Почему на Каспии не держится ни одно расписание паромов",
        "От караванного пути к железной дороге",
    ),
    "ar": (
        "بعد البحر: كيف نتعلم قراءة القاع الجاف لبحر آرال",
        "لماذا لا يصمد أي جدول للعبّارات في بحر قزوين؟",
        "من طريق القوافل إلى السكة الحديدية",
    ),
    "az": (
        "Dənizdən sonra Aral: quru dibi oxumağı öyrənmək",
        "Xəzərdə bərə cədvəli niyə tutmur?",
        "Karvan yolundan dəmir yoluna",
    ),
    "kk": (
        "Теңізден кейін: Аралдың құрғақ табанын оқуды үйрену",
        "Каспийде паром кестесі неге сақталмайды?",
        "Керуен жолынан теміржолға дейін",
    ),
    "de": (
        "Nach dem Meer: das trockene Bett des Aralsees lesen lernen",
        "Warum auf dem Kaspischen Meer kein Fährplan hält",
        "Vom Karawanenweg zur Eisenbahn",
    ),
    "fr": (
        "Après la mer : apprendre à lire le fond asséché de l’Aral",
        "Pourquoi aucun horaire de ferry ne tient sur la Caspienne",
        "De la route des caravanes au chemin de fer",
    ),
    "es": (
        "Después del mar: aprender a leer el lecho seco del Aral",
        "Por qué ningún horario de ferri se cumple en el Caspio",
        "Del camino de caravanas al ferrocarril",
    ),
    "zh": ("海退之后：学会阅读咸海干涸的湖床", "里海上的渡轮时刻表为何总是失灵？", "从商队之路到铁路"),
}
SENTENCES = {
    "tr": "Havadan bakınca Aral’ın tabanı tek bir soluk leke gibi görünür. Yürüyünce bunun yanlış olduğunu anlamak bir saat bile sürmez. Kabuk bir adımda kırılır, ötekinde sizi taşır; kavkı dolu bir düzlüğün ardından un gibi ince kum gelir.",
    "en": "From the air the bed of the Aral looks like one pale stain. On foot it takes less than an hour to learn that this is wrong. The crust breaks under one step and carries you on the next; after a plain full of shells comes sand as fine as flour.",
    "ru": "С воздуха дно Арала кажется одним бледным пятном. Пешком не нужно и часа, чтобы понять, что это не так. Корка ломается под одним шагом и держит на следующем; за равниной, полной ракушек, начинается песок, мелкий, как мука.",
    "ar": "يبدو قاع آرال من الجو بقعة واحدة شاحبة. أما سيرًا على الأقدام فلا تحتاج إلى ساعة لتعرف أن هذا خطأ. تنكسر القشرة تحت خطوة وتحملك في الخطوة التالية، وبعد سهل مليء بالأصداف يأتي رمل ناعم كالطحين.",
    "az": "Havadan baxanda Aralın dibi tək bir solğun ləkə kimi görünür. Piyada gedəndə bunun səhv olduğunu anlamaq bir saat da çəkmir. Qabıq bir addımda qırılır, o birində sizi saxlayır; balıqqulağı dolu düzənlikdən sonra un kimi narın qum gəlir.",
    "kk": "Әуеден қарағанда Аралдың табаны бір бозғылт дақ сияқты көрінеді. Жаяу жүргенде мұның қате екенін түсінуге бір сағат та керек емес. Қабық бір қадамда сынады, келесісінде сізді көтереді; қабыршаққа толы жазықтан кейін ұндай ұсақ құм басталады.",
    "de": "Aus der Luft wirkt das Bett des Aralsees wie ein einziger blasser Fleck. Zu Fuß braucht man keine Stunde, um zu merken, dass das nicht stimmt. Die Kruste bricht unter dem einen Schritt und trägt beim nächsten; nach einer Ebene voller Muscheln kommt Sand, so fein wie Mehl.",
    "fr": "Vu du ciel, le fond de l’Aral semble n’être qu’une tache pâle. À pied, il faut moins d’une heure pour comprendre que c’est faux. La croûte cède sous un pas et porte au suivant ; après une plaine couverte de coquillages vient un sable fin comme la farine.",
    "es": "Desde el aire, el lecho del Aral parece una sola mancha pálida. A pie no hace falta ni una hora para entender que no es así. La costra se rompe con un paso y sostiene con el siguiente; tras una llanura llena de conchas llega una arena fina como la harina.",
    "zh": "从空中看，咸海的湖床像一整块苍白的斑。步行不到一个小时，就会明白并非如此。硬壳这一步会碎，下一步又托得住人；走过铺满贝壳的平地，便是细如面粉的沙。",
}
BIOS = {
    "tr": "Nurlan Abenov coğrafyacıdır; kuruyan göllerin kıyılarında çalışır ve eski haritalar toplar.",
    "en": "Nurlan Abenov is a geographer. He works on the shores of drying lakes and collects old maps.",
    "ru": "Нурлан Абенов — географ. Работает на берегах высыхающих озёр и собирает старые карты.",
    "ar": "نورلان أبينوف جغرافي يعمل على شواطئ البحيرات الجافة ويجمع الخرائط القديمة.",
    "zh": "努尔兰·阿别诺夫是地理学者，在干涸湖泊的岸边做研究，收集旧地图。",
}
NEWSLETTERS = {
    "tr": "Haftalık Kavşak", "en": "Crossroads Weekly", "ru": "Перекрёсток за неделю", "ar": "مفترق الطرق الأسبوعي",
    "az": "Həftəlik Yolayrıcı", "kk": "Апталық Тоғысжол", "de": "Kreuzung der Woche", "fr": "Le Carrefour de la semaine",
    "es": "La Encrucijada semanal", "zh": "路口周刊",
}  # fmt: skip
SITES = {
    "tr": "Kavşak Enstitüsü",
    "en": "The Crossroads Institute",
    "ru": "Институт «Перекрёсток»",
    "ar": "معهد مفترق الطرق",
    "zh": "路口研究所",
}

SITE = Site(
    name=SITES,
    description={"en": "Stories from the middle of the continent"},
    url="https://crossroads.example.org",
    public_url="https://news.crossroads.example.org",
    id_authority="crossroads.example.org,2026",
    languages=SHIPPED,
    timezone="Europe/Istanbul",
    postal_address="The Crossroads Institute\n12 Station Road\n34110 Istanbul",
)
NEWSLETTER = Newsletter(
    key="weekly",
    title=NEWSLETTERS,
    languages=SHIPPED,
    cadence="weekly",
    at="08:00",
    timezone="Europe/Istanbul",
)
RECIPIENT = Recipient(
    name="Ayşe Yılmaz",
    email="ayse@example.net",
    message_id="<i12.d345.0123456789abcdef@news.crossroads.example.org>",
    unsubscribe_url="https://news.crossroads.example.org/u/" + "Zk3vQ9" * 6,
    preferences_url="https://news.crossroads.example.org/p/" + "Zk3vQ9" * 6,
    unsubscribe_mailto="unsubscribe+Zk3vQ9Zk3vQ9@news.crossroads.example.org",
)


def sample_sender(language: str) -> Sender:
    """The weekly's sender in one language."""
    return sender(
        NEWSLETTER,
        SITE,
        language,
        "weekly@news.crossroads.example.org",
        archive_url=content(language, 1).archive_url,
    )


def author(language: str, n: int = 1) -> Byline:
    """One of four authors; where there is no biography in ``language``, the English or the Turkish one."""
    own = language if language in BIOS else ("en", "tr")[n % 2]
    key = f"author-{n % 4}"
    name = ("Nurlan Abenov", "د. عائشة دمير", "Chen Wei", "Дмитрий Орлов")[n % 4]
    return Byline(
        key,
        name,
        photo=f"https://news.crossroads.example.org/media/{key}.png",
        url=f"https://news.crossroads.example.org/feeds/{language}/author/{key}/",
        bio=Bio(own, f"<p>{BIOS[own]}</p>", BIOS[own]),
    )


def article(language: str, n: int = 0, **changes: object) -> CompleteArticle:
    """The ``n``-th invented article: two paragraphs with a note, a quotation, a heading, a picture on every other."""
    text = SENTENCES[language]
    title = TITLES[language][n % 3] + (f" {n // 3 + 1}" if n >= 3 else "")
    link = f"https://crossroads.example.org/{language}/story-{n}/"
    body = (
        f'<p>{text}<sup><a id="fnref-1" href="#fn-1">1</a></sup></p><h2>{TITLES[language][2]}</h2>'
        f"<p>{text} {text}</p><blockquote><p>{text}</p></blockquote>"
    )
    made = Article(
        source="markdown", key=f"story-{n}/{language}", group=f"story-{n}", language=language, title=title, url=link,
        published=WHEN, body_html=body, summary="" if n % 3 == 0 else ". ".join(text.split(". ")[:2]).rstrip(".") + ".",
        footnotes=(Footnote(1, f'“{title}”, <em>Steppe and Water</em>, <a href="https://journal.example.org/{n}">journal.example.org</a>'),),
        images=(Image(f"https://news.crossroads.example.org/media/story-{n}.png", TITLES[language][1], width=1200),) if n % 2 == 0 else (),
        authors=(Credit(f"author-{n % 4}", "A"),), series=TITLES[language][2] if n % 5 == 2 else "",
        id=f"tag:crossroads.example.org,2026:{n}:{language}", story=f"story-{n}", sequence=n, available=WHEN,
        changed=WHEN, content_hash="0" * 64,
    )  # fmt: skip
    bylines = (
        author(language, n),
        *((replace(author(language, n + 1), is_translator=True),) if n % 4 == 1 else ()),
    )
    similar = tuple(
        SimilarPost(
            f"s{n}-{k}",
            f"old-{n}-{k}",
            tongue,
            TITLES[tongue][k],
            f"https://crossroads.example.org/{tongue}/old-{n}-{k}/",
        )
        for k, tongue in enumerate((language, language, "en"))
    )
    return CompleteArticle(replace(made, **changes), bylines, similar=similar)  # type: ignore[arg-type]


def content(language: str, stories: int, fallback: str = "") -> EditionContent:
    """An edition of so many stories; the second one in ``fallback``, labelled, when given."""
    items = [EditionArticle(article(language, n), corrected=DAY if n == 3 else None) for n in range(stories)]
    if fallback and stories > 1:
        items[1] = EditionArticle(article(fallback, 1), is_fallback=True)
    home = "https://news.crossroads.example.org"
    return EditionContent(
        newsletter=NEWSLETTER, site=SITE, issue_date=DAY, language=language, reads=(language,),
        lead=items[0] if items else None, items=tuple(items[1:]),
        web_url=f"{home}/{language}/archive/weekly/2026-11-23/", archive_url=f"{home}/{language}/archive/weekly/",
        feeds=(("application/rss+xml", f"{home}/feeds/{language}/rss.xml"), ("application/atom+xml", f"{home}/feeds/{language}/atom.xml")),
        siblings=tuple(Sibling(t, f"{home}/{t}/archive/weekly/2026-11-23/") for t in ("tr", "en", "ar") if t != language),
    )  # fmt: skip


def test_the_samples_speak_every_shipped_language() -> None:
    for language in SHIPPED:
        assert endonym(language)
        assert all(map(TITLES.get, [language]))
        assert len(content(language, 5).all) == 5
