"""Every word that people read is translated into every shipped language, and well-formed.

Messages are those used in ``src/`` and ``templates/`` and those of ``en.po``, which lists all there are.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.plurals import get_plural

from syndicate.languages import SHIPPED, detect
from syndicate.languages.catalogues import FOLDER, read_catalogue

ROOT = Path(__file__).parents[2]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
TEMPLATE_OPTIONS = {
    "silent": "false",
    "trimmed": "true",
    "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols",
}
PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")

Key = tuple[str | None, str, str]  # context, singular, plural (empty where there is none)


def braced(text: str) -> str:
    """As ``Catalogue`` looks a message of a ``{% trans %}`` block up."""
    return re.sub(r"%\((\w+)\)s", r"{\1}", text).replace("%%", "%") if "%" in text else text


def messages_in(path: Path, method: str) -> Iterator[tuple[Key, str]]:
    """(key, place) of each message in one Python file or template."""
    with path.open("rb") as file:
        options = TEMPLATE_OPTIONS if method == "jinja2" else {}
        function = method if method == "python" else "jinja2.ext:babel_extract"
        for line, found, _, context in extract(function, file, KEYWORDS, options=options):
            singular, plural = (found, "") if isinstance(found, str) else (found[0], found[1])
            yield (context, braced(singular), braced(plural)), f"{path.relative_to(ROOT)}:{line}"


def files() -> Iterable[tuple[Path, str]]:
    yield from ((path, "python") for path in sorted((ROOT / "src").rglob("*.py")))
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in {".html", ".mjml", ".txt", ".j2", ".xml", ".jinja", ".jinja2"}:
            yield path, "jinja2"


@cache
def wanted() -> dict[Key, str]:
    """Every message with the first place that uses it."""
    found: dict[Key, str] = {}
    for path, method in files():
        for key, place in messages_in(path, method):
            found.setdefault(key, place)
    for message in translated(read_catalogue("en")):
        found.setdefault(key_of(message), "en.po")
    return found


def translated(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def key_of(message: Message) -> Key:
    singular, plural = message.id if isinstance(message.id, tuple) else (message.id, "")
    return message.context, singular, plural


def forms_of(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, (tuple, list)) else (str(message.string),)


def test_each_shipped_language_has_one_catalogue() -> None:
    assert {path.stem for path in FOLDER.glob("*.po")} == set(SHIPPED)
    assert not list(FOLDER.glob("*.mo"))


@pytest.mark.parametrize("language", SHIPPED)
def test_no_message_lacks_a_translation(language: str) -> None:
    known = {key_of(m) for m in translated(read_catalogue(language)) if all(forms_of(m))}
    # A message that also has a plural is one entry; gettext answers with the form for one.
    known |= {(context, singular, "") for context, singular, plural in known if plural}
    missing = [
        f"{place}: {key[1]!r}" + f" | {key[2]!r}" * bool(key[2])
        for key, place in wanted().items()
        if key not in known
    ]
    assert not missing, f"add to {language}.po:\n" + "\n".join(missing)


@pytest.mark.parametrize("language", SHIPPED)
def test_every_plural_has_every_form(language: str) -> None:
    catalog = read_catalogue(language)
    assert catalog.num_plurals >= get_plural(language).num_plurals
    for message in translated(catalog):
        assert len(forms_of(message)) == (catalog.num_plurals if message.pluralizable else 1), message.id
        assert all(form.strip() for form in forms_of(message)), message.id


@pytest.mark.parametrize("language", SHIPPED)
def test_placeholders_are_those_of_the_message(language: str) -> None:
    catalog = read_catalogue(language)
    numbers = numbers_of_forms(catalog)
    for message in translated(catalog):
        _, singular, plural = key_of(message)
        expected = sorted(PLACE.findall(plural or singular))
        for index, form in enumerate(forms_of(message)):
            found = sorted(PLACE.findall(form))
            # "One article", "two articles": a form for a single number may spell it out.
            spelled_out = bool(plural) and numbers[index] == 1 and sorted([*found, "n"]) == expected
            assert found == expected or spelled_out, (message.id, form)
            assert form.strip() == form, (message.id, form)
            assert not re.search(r"%[(sd]|\{[^a-z]", form), (message.id, form)


def numbers_of_forms(catalog: Catalog) -> dict[int, int]:
    """How many of the numbers up to 200 take each plural form."""
    from gettext import c2py

    form_of = c2py(catalog.plural_expr)
    forms = [form_of(n) for n in range(201)]
    return {index: forms.count(index) for index in range(catalog.num_plurals)}


@pytest.mark.parametrize("language", SHIPPED)
def test_nothing_is_fuzzy_or_obsolete(language: str) -> None:
    catalog = read_catalogue(language)
    assert not [m.id for m in translated(catalog) if m.fuzzy]
    assert not catalog.obsolete
    assert str(catalog.locale) == language


@pytest.mark.parametrize("language", SHIPPED)
def test_a_catalogue_is_in_its_language(language: str) -> None:
    messages = translated(read_catalogue(language))
    text = " ".join(PLACE.sub("", form) for m in messages for form in forms_of(m))
    assert detect(text, SHIPPED).language == language
    if language != "en":
        same = [
            m.id
            for m in messages
            if forms_of(m)[0] == key_of(m)[1] and PLACE.sub("", forms_of(m)[0]).strip(" :,·")
        ]
        assert len(same) < len(messages) / 10, f"left in English: {same}"


def test_the_extraction_sees_code_and_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the test itself: were the extractor blind, all the others would pass."""
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    code, page = tmp_path / "a.py", tmp_path / "a.html"
    code.write_text(
        "w.gettext('One {a}', a=1); w.ngettext('{n} x', '{n} xs', n)\nw.pgettext('c', 'Two')\n", "utf-8"
    )
    page.write_text("{{ _('Three') }}{% trans a=b %}100% {{ a }}{% endtrans %}", "utf-8")
    keys = [
        key for path, method in ((code, "python"), (page, "jinja2")) for key, _ in messages_in(path, method)
    ]
    assert keys == [
        (None, "One {a}", ""),
        (None, "{n} x", "{n} xs"),
        ("c", "Two", ""),
        (None, "Three", ""),
        (None, "100% {a}", ""),
    ]
