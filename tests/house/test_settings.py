"""config.toml of this repository documents every setting there is, with the default that the code has."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from syndicate.config import load, sections
from syndicate.config.kinds import Duration

ROOT = Path(__file__).parents[2]
FILE = ROOT / "config.toml"
# Section of the file -> what reads it. A source is read by its kind.
SECTIONS: dict[str, type[BaseModel]] = {
    "site": sections.SiteSection,
    "paths": sections.PathsSection,
    "database": sections.DatabaseSection,
    "feeds": sections.FeedsSection,
    "similar": sections.SimilarSection,
    "mail": sections.MailSection,
    "carriers.smtp": sections.SmtpSection,
    "carriers.sendgrid": sections.SendGridSection,
    "bounces": sections.BouncesSection,
    "signup": sections.SignupSection,
    "web": sections.WebSection,
    "staff": sections.StaffSection,
    "clock": sections.ClockSection,
    "log": sections.LogSection,
    "sources.markdown": sections.MarkdownSection,
    "sources.page": sections.PageSection,
    "sources.wordpress": sections.WordPressSection,
    "sources.wxr": sections.WxrSection,
    "sources.feed": sections.FeedSection,
    "newsletters": sections.NewsletterSection,
}
_HEADER = re.compile(r"^(?:# )?(\[\[?)([a-z.]+)\]\]?\s*$")
_SETTING = re.compile(r"^(# )?([a-z_]+) = (.+?)(?:\s{2,}#.*|\s+#.*)?$")
# What may be given in a setting's place is told behind it.
_INSTEAD = re.compile(r"# .*\bor .*: ([a-z_]+) = ")
# Settings of which one or another must be given: what stands in the file is an example.
_EXAMPLES = {("sources.feed", "url")}


def documented() -> dict[str, dict[str, tuple[bool, str]]]:
    """Section -> key -> (is a comment, value as written), from what stands in the file, commented or not."""
    found: dict[str, dict[str, tuple[bool, str]]] = {}
    section: dict[str, tuple[bool, str]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if header := _HEADER.match(line):
            section, name = {}, header[2]
            name = "newsletters" if name.startswith("newsletters.") else name
            if name != "sources":
                section = found.setdefault(name, section)
        elif setting := _SETTING.match(line):
            section.setdefault(setting[2], (bool(setting[1]), setting[3]))
            if instead := _INSTEAD.search(line):
                section.setdefault(instead[1], (True, "…"))
            if setting[2] == "kind":
                found[f"sources.{tomllib.loads(setting[0].lstrip('# '))['kind']}"] = section
    return found


def _has_literal_default(field: FieldInfo) -> bool:
    return not field.is_required() and field.default_factory is None and field.default is not None


def _as_read(text: str, default: Any) -> Any:
    value = tomllib.loads(f"x = {text}")["x"]
    return TypeAdapter(Duration).validate_python(value) if isinstance(default, timedelta) else value


def _as_written(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value.as_posix() if isinstance(value, Path) else value


def test_every_section_is_read_by_somebody_and_stands_in_the_file() -> None:
    assert set(documented()) == set(SECTIONS)
    found = {m for m in vars(sections).values() if isinstance(m, type) and issubclass(m, sections.Section)}
    outer = {sections.Section, sections.CarriersSection, sections.PacedSection, sections.DkimSection}
    assert found - outer == set(SECTIONS.values()), "a section is read that this test does not know"


@pytest.mark.parametrize("name", SECTIONS)
def test_every_setting_stands_in_the_file_and_none_besides(name: str) -> None:
    assert set(documented()[name]) == set(SECTIONS[name].model_fields)


@pytest.mark.parametrize("name", SECTIONS)
def test_a_commented_setting_shows_the_default_of_the_code(name: str) -> None:
    checked = 0
    for key, field in SECTIONS[name].model_fields.items():
        is_comment, value = documented()[name][key]
        is_shown = is_comment and "…" not in value and (name, key) not in _EXAMPLES
        if is_shown and _has_literal_default(field):
            assert _as_read(value, field.default) == _as_written(field.default), f"[{name}] {key}"
            checked += 1
    assert checked or all(not comment for comment, _ in documented()[name].values()) or name == "sources.wxr"


def test_the_file_is_read_and_so_it_is_with_every_comment_made_a_setting(tmp_path: Path) -> None:
    plain = load(FILE)
    lines = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        bare = line.removeprefix("# ")
        is_setting = _HEADER.match(line) or (_SETTING.match(line) and "…" not in line)
        lines.append(bare if is_setting else line)
    (tmp_path / "config.toml").write_text("\n".join(lines), encoding="utf-8")
    full = load(tmp_path / "config.toml")
    assert {source.kind for source in full.sources} == {"markdown", "page", "wordpress", "wxr", "feed"}
    assert full.model_dump(exclude={"sources", "root"}) == plain.model_dump(exclude={"sources", "root"})


def test_the_newsroom_that_init_makes_is_read(tmp_path: Path) -> None:
    template = ROOT / "src/syndicate/flows/begin.toml"
    (tmp_path / "config.toml").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    assert load(tmp_path / "config.toml").newsletters
