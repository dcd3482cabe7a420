"""A mistake in a template of a page is told with file and line, whoever prints the page."""

import re
from functools import partial
from pathlib import Path

import pytest
from tests.rooms.test_digests_samples import NEWSLETTER, SITE, TEMPLATES, content

from syndicate.digests import ArchiveListing, archive_index, archive_page
from syndicate.model import TemplateError
from syndicate.web.pages import Pages, Tongue

MISTAKES = [
    ("fine\n{% if %}", ":2: "),
    ("fine\n\n{{ page.titel }}", ":3: .*titel"),
    ("{{ nobody }}", ":1: .*nobody"),
    ("fine\n{{ ''.__class__.__mro__ }}", ":2: .*unsafe"),
    ("fine\n{{ 1 / 0 }}", ":2: .*division"),
    ("fine\n{{ 'x' | nofilter }}", ":2: .*nofilter"),
]
LISTING = ArchiveListing(newsletter=NEWSLETTER, site=SITE, language="en", url="https://e.org/", issues=())


def own(folder: Path, name: str, text: str) -> tuple[Path, ...]:
    (folder / "pages").mkdir()
    (folder / "pages" / f"{name}.html.j2").write_text(text)
    return (folder, *TEMPLATES)


def place(folder: Path, name: str, says: str) -> re.Pattern[str]:
    return re.compile(re.escape(str(folder / "pages" / f"{name}.html.j2")) + says, re.DOTALL)


@pytest.mark.parametrize(("text", "says"), MISTAKES)
@pytest.mark.parametrize("name", ["archive", "archive_index", "archive_base"])
def test_of_the_archive(tmp_path: Path, name: str, text: str, says: str) -> None:
    folders = own(tmp_path, name, text)
    shown = (
        partial(archive_index, LISTING)
        if name == "archive_index"
        else partial(archive_page, content("en", 1))
    )
    with pytest.raises(TemplateError, match=place(tmp_path, name, says)):
        shown(folders)


def test_of_a_block_and_of_a_missing_frame(tmp_path: Path) -> None:
    frame = '{% extends "pages/archive_base.html.j2" %}\n{% block main %}\n{{ page.nowhere }}{% endblock %}'
    with pytest.raises(TemplateError, match=place(tmp_path, "archive", ":3: .*nowhere")):
        archive_page(content("en", 1), own(tmp_path, "archive", frame))
    (tmp_path / "pages" / "archive.html.j2").write_text('{% extends "pages/gone.html.j2" %}')
    with pytest.raises(
        TemplateError, match=place(tmp_path, "archive", r":1: template pages/gone\.html\.j2 is in none of: ")
    ):
        archive_page(content("en", 1), (tmp_path, *TEMPLATES))


@pytest.mark.parametrize(("text", "says"), [(text.replace("page.", "site_name."), s) for text, s in MISTAKES])
def test_of_the_page_for_leaving(tmp_path: Path, text: str, says: str) -> None:
    pages = Pages(SITE, own(tmp_path, "unsubscribe", text))
    with pytest.raises(TemplateError, match=place(tmp_path, "unsubscribe", says)):
        pages.render(
            "unsubscribe", Tongue("en"), newsletter="Weekly", token="t", gets=True, gets_others=False,
            is_back=False, is_told=False, left_all=False, is_known=True, may_return=[], preferences="", reasons=(),
        )  # fmt: skip
