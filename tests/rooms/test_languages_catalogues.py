"""The catalogues: plurals, safe filling, Jinja2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from syndicate.languages import SHIPPED, Catalogue, catalogue

STORIES = ("{n} story", "{n} stories")


def environment(words: Catalogue, *, autoescape: bool = True) -> Environment:
    env = Environment(extensions=["jinja2.ext.i18n"], autoescape=autoescape, undefined=StrictUndefined)
    words.install(env)
    return env


def test_a_catalogue_speaks_its_language() -> None:
    assert catalogue("tr").gettext("Archive") == "Arşiv"
    assert catalogue("tr-CY") is not None
    assert catalogue("tr-CY").language == "tr"
    assert catalogue("pt").gettext("Archive") == "Archive"
    assert catalogue("ar").gettext("By {names}", names="Ali") == "بقلم Ali"
    assert catalogue("tr").gettext("Nobody has translated {this}", this=1) == "Nobody has translated 1"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("en", {1: "1 story", 2: "2 stories", 0: "0 stories", 1234: "1,234 stories"}),
        (
            "ru",
            {1: "1 материал", 2: "2 материала", 5: "5 материалов", 11: "11 материалов", 21: "21 материал"},
        ),
        ("ar", {1: "مقال واحد", 2: "مقالان", 3: "3 مقالات", 11: "11 مقالًا", 99: "99 مقالًا", 100: "100 مقال"}),
        ("fr", {0: "0 article", 1: "1 article", 2: "2 articles"}),
        ("tr", {1: "1 yazı", 1234: "1.234 yazı"}),
        ("zh", {1: "1篇文章", 2: "2篇文章"}),
    ],
)
def test_plurals(tag: str, said: dict[int, str]) -> None:
    assert {n: catalogue(tag).ngettext(*STORIES, n) for n in said} == said


def test_an_untranslated_plural_is_english() -> None:
    words = catalogue("ru")
    assert [words.ngettext("{n} otter", "{n} otters", n) for n in (1, 2)] == ["1 otter", "2 otters"]
    assert words.pgettext("menu", "No such words") == "No such words"
    assert words.npgettext("menu", "{n} otter", "{n} otters", 3) == "3 otters"


@given(st.sampled_from(SHIPPED), st.text(max_size=30))
def test_values_are_never_formats(tag: str, value: str) -> None:
    hostile = "{n}{names}{0.__class__}%(names)s%s" + value
    assert hostile in catalogue(tag).gettext("By {names}", names=hostile)


def test_a_missing_value_is_an_error_but_no_value_is_a_question() -> None:
    assert catalogue("en").gettext("By {names}") == "By {names}"
    with pytest.raises(KeyError):
        catalogue("en").gettext("By {names}", name="Ali")


def test_markup_values_stay_markup_and_the_rest_is_escaped() -> None:
    filled = catalogue("en").gettext(
        "{title}: {newsletter}, {date}", title=Markup("<b>x</b>"), newsletter="<i>", date="&"
    )
    assert filled == "<b>x</b>: &lt;i&gt;, &amp;"
    assert isinstance(filled, Markup)
    assert not hasattr(catalogue("en").gettext("By {names}", names="<b>"), "__html__")


def test_templates_use_braces_or_trans_blocks() -> None:
    env = environment(catalogue("tr"))
    assert env.from_string("{{ _('By {names}', names=n) }}").render(n="<Ali>") == "Yazan: &lt;Ali&gt;"
    block = "{% trans names=n %}By {{ names }}{% endtrans %}"
    assert env.from_string(block).render(n="<Ali>%s{n}") == "Yazan: &lt;Ali&gt;%s{n}"
    counted = "{% trans n=count %}{{ n }} story{% pluralize %}{{ n }} stories{% endtrans %}"
    assert env.from_string(counted).render(count=3) == "3 yazı"
    assert env.from_string("{{ ngettext('{n} story', '{n} stories', 3) }}").render() == "3 yazı"
    assert env.from_string("{{ pgettext('x', 'Archive') }}").render() == "Archive"


def test_one_environment_serves_many_languages() -> None:
    env = environment(catalogue("en"))
    template = env.from_string("{{ _('Archive') }}")
    assert [template.render(catalogue(t).callables()) for t in ("tr", "de", "en")] == [
        "Arşiv",
        "Archiv",
        "Archive",
    ]


def test_jinja_newstyle_gettext_works_with_trans_blocks() -> None:
    words = catalogue("tr")
    env = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    env.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    assert (
        env.from_string("{% trans names=n %}By {{ names }}{% endtrans %}").render(n="<Ali>")
        == "Yazan: &lt;Ali&gt;"
    )


def test_a_plural_without_a_number_in_it_still_agrees() -> None:
    pair = ("About the author", "About the authors")
    assert [catalogue("tr").ngettext(*pair, n) for n in (1, 3)] == ["Yazar hakkında", "Yazarlar hakkında"]
    assert catalogue("tr").gettext("About the author") == "Yazar hakkında"
