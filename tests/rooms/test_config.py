"""config.toml: wholly checked at the start; what is wrong is named with file, key and reason."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from syndicate.config import Settings, load
from syndicate.model import ConfigError

PLAIN = """
[site]
name = "Ayna"
url = "https://example.org/"
public_url = "https://news.example.org"
id_authority = "example.org,2026"
languages = ["tr", "en"]
postal_address = "Ayna, 1 Main Street, Town"

[mail]
from_address = "letters@example.org"

[[sources]]
name = "articles"
kind = "markdown"
path = "articles"
url = "https://example.org/{language}/{slug}/"

[newsletters.weekly]
title = "Haftalık"
"""


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def changed(section: str, line: str) -> str:
    """The plain settings with ``line`` in ``section`` in place of what that key was."""
    key = line.partition("=")[0].strip()
    head, marker, rest = PLAIN.partition(section)
    if not marker:
        return f"{PLAIN}\n{section}\n{line}\n"
    body, gap, tail = rest.partition("\n\n")
    kept = [one for one in body.splitlines() if one.partition("=")[0].strip() != key]
    return head + marker + "\n".join([*kept, line]) + gap + tail


def test_the_shortest_settings_are_filled_in(tmp_path: Path) -> None:
    settings = read(tmp_path, PLAIN)
    site, newsletter = settings.as_site(), settings.as_newsletters()["weekly"]
    assert (site.name, site.url) == ({"tr": "Ayna"}, "https://example.org")
    assert site.text(site.name, "en") == "Ayna", "a plain text is in the first language and shown in all"
    assert newsletter.title == {"tr": "Haftalık"}
    assert (newsletter.languages, newsletter.timezone, newsletter.weekday) == (("tr", "en"), "UTC", 0)
    assert settings.path(settings.paths.public) == tmp_path / "var/public"
    assert settings.database_url == f"sqlite:///{tmp_path}/var/syndicate.db"


def test_a_byte_order_mark_is_no_letter(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff" + PLAIN).site.timezone == "UTC"


def test_durations_are_written_as_people_do(tmp_path: Path) -> None:
    for text, hours in (("90m", 1.5), ("6h", 6), ("2d", 48), ("1w", 168), ("0s", 0)):
        settings = read(tmp_path, changed("[newsletters.weekly]", f'wait_for_translation = "{text}"'))
        assert settings.newsletters["weekly"].wait_for_translation == timedelta(hours=hours)


WRONG = [
    ("[site]", 'colour = "red"', "site.colour: unknown key"),
    ("[site]", "name = {}", "site.name"),
    ("[site]", 'name = { en = "" }', "site.name.en"),
    ("[site]", 'name = { de = "Spiegel" }', "site.name: a text in one of site.languages is missing"),
    ("[site]", 'name = { english = "Mirror" }', "site.name.english: 'english' is not a language tag"),
    ("[site]", 'url = "example.org"', "site.url: not an http(s) address"),
    ("[site]", 'url = "https://example.org/?a=b"', "site.url"),
    ("[site]", 'url = "javascript:alert(1)"', "site.url"),
    ("[site]", 'public_url = "https://example.org/<x>"', "site.public_url"),
    ("[site]", 'id_authority = "example.org"', "site.id_authority"),
    ("[site]", "languages = []", "site.languages"),
    ("[site]", 'languages = ["tr", "TR"]', "site.languages: tr is given twice"),
    ("[site]", 'languages = ["turkish"]', "not a language tag"),
    ("[site]", 'timezone = "Mars/Olympus"', "site.timezone: not an IANA time zone"),
    ("[site]", 'timezone = "../../etc/passwd"', "site.timezone"),
    ("[site]", 'postal_address = ""', "site.postal_address"),
    ("[site]", 'logo = "logo.png"', "site.logo"),
    ("[database]", 'url = "mysql://localhost/x"', "database.url: not a database"),
    (
        "[database]",
        'url = "postgresql://me:hush@localhost/x"',
        "database.url: a password does not stand in a file",
    ),
    ("[feeds]", "page_size = 1", "feeds.page_size"),
    ("[feeds]", 'archives = ["everything"]', "feeds.archives[0]"),
    ("[feeds]", 'hubs = ["hub.example.org"]', "feeds.hubs[0]"),
    ("[similar]", "count = -1", "similar.count"),
    ("[mail]", 'carrier = "pigeon"', "mail.carrier"),
    ("[mail]", 'from_address = "letters"', "mail.from_address: not an e-mail address"),
    ("[mail]", 'from_address = "Letters <letters@example.org>"', "mail.from_address"),
    ("[mail]", 'from_address = "a@example.org\\nBcc: b@example.org"', "mail.from_address"),
    ("[mail]", 'from_address = "şule@example.org"', "mail.from_address: only letters of ASCII"),
    ("[mail]", 'reply_to = "nobody"', "mail.reply_to"),
    ("[carriers.smtp]", "port = 0", "carriers.smtp.port"),
    ("[carriers.smtp]", 'security = "tsl"', "carriers.smtp.security"),
    ("[carriers.smtp]", 'password = "hush"', "carriers.smtp.password: unknown key"),
    ("[carriers.smtp]", 'timeout = "0s"', "carriers.smtp.timeout"),
    ("[carriers.smtp]", 'timeout = "soon"', "carriers.smtp.timeout: not a duration"),
    ("[carriers.smtp]", "timeout = -5", "carriers.smtp.timeout: not a duration"),
    ("[[sources]]", 'kind = "gopher"', "sources[0]"),
    ("[[sources]]", 'name = "My Articles"', "sources[0].name: only a-z"),
    ("[[sources]]", 'colour = "red"', "sources[0].colour: unknown key"),
    ("[[sources]]", 'default_language = "turkish"', "sources[0].default_language"),
    ("[newsletters.weekly]", 'at = "8"', "newsletters.weekly.at: not a time of day"),
    ("[newsletters.weekly]", 'at = "25:00"', "newsletters.weekly.at"),
    ("[newsletters.weekly]", 'at = "08:00+03:00"', "newsletters.weekly.at"),
    ("[newsletters.weekly]", 'cadence = "yearly"', "newsletters.weekly.cadence"),
    ("[newsletters.weekly]", 'weekday = "montag"', "newsletters.weekly.weekday"),
    (
        "[newsletters.weekly]",
        'languages = ["ru"]',
        "newsletters.weekly.languages: ru not among site.languages",
    ),
    ("[newsletters.weekly]", 'sources = ["cms"]', "newsletters.weekly.sources: no source is named cms"),
    ("[newsletters.weekly]", 'title = { ru = "Неделя" }', "newsletters.weekly.title: a text in one of"),
    ("[newsletters.weekly]", "minimum_stories = 21", "minimum_stories is more than maximum_stories"),
    ("[newsletters.weekly]", "maximum_stories = 21", "newsletters.weekly.maximum_stories"),
    ('[newsletters."The Weekly"]', 'title = "x"', "newsletters.The Weekly: only a-z"),
]


@pytest.mark.parametrize(
    ("section", "line", "complaint"), WRONG, ids=[f"{s} {line}"[:60] for s, line, _ in WRONG]
)
def test_a_bad_value_is_refused_with_its_place(
    tmp_path: Path, section: str, line: str, complaint: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, changed(section, line))
    message = str(raised.value)
    assert complaint in message
    assert message.startswith(f"{tmp_path / 'config.toml'}: ")
    assert "hush" not in message


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "site: Field required"),
        (PLAIN + "\n[sight]\n", "sight: unknown key"),
        ('root = "/"\n' + PLAIN, "root: unknown key"),
        (PLAIN + "\n[site]\n", "config.toml: "),
        (PLAIN + "\n[[sources]]\nname='articles'\nkind='page'\npath='p'\nurl='u'\n", "articles is given twice"),
        (PLAIN + "\n[[sources]]\nname='f'\nkind='feed'\n", "sources[1]: give either url or path"),
        (PLAIN + "\n[[sources]]\nname='f'\nkind='feed'\nurl='feed.xml'\n", "sources[1].url: not an http(s) address"),
        (PLAIN + "\n[[sources]]\nname='w'\nkind='wordpress'\nurl='https://e.org'\nallow_private=['localhost']\n",
         "sources[1].allow_private[0]: not a server"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, text)
    assert complaint in str(raised.value)


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = changed("[site]", 'timezone = "Mars"') + "\n[feeds]\npage_size = 1\nside = 2\n"
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, text)
    assert [line.split(": ")[1] for line in str(raised.value).splitlines()] == [
        "site.timezone",
        "feeds.page_size",
        "feeds.side",
    ]


def test_a_file_that_is_not_there_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: not found.*syndicate init"):
        load(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match=r"config\.toml: .*line 2"):
        read(tmp_path, "[site]\nname = x\n")
    (tmp_path / "latin.toml").write_bytes(b"# \xe7")
    with pytest.raises(ConfigError, match=r"latin\.toml"):
        load(tmp_path / "latin.toml")


def test_secrets_come_from_outside_and_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNDICATE_SMTP_PASSWORD", "hush-hush")
    monkeypatch.setenv("SYNDICATE_MY_CMS_PASSWORD", "hush-hush too")
    monkeypatch.setenv("SYNDICATE_DATABASE_URL", "postgresql://me:hush@localhost/x")
    settings = read(tmp_path, PLAIN)
    assert settings.secret("smtp_password").get_secret_value() == "hush-hush"
    assert settings.secret("my-cms_password").get_secret_value() == "hush-hush too"
    assert settings.secret("nothing").get_secret_value() == ""
    assert settings.database_url == "postgresql://me:hush@localhost/x"
    assert "hush" not in repr(settings) + repr(settings.secret("smtp_password")) + str(settings.model_dump())


def test_the_signing_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = read(tmp_path, PLAIN)
    key = settings.signing_key()
    assert len(key) == 64
    assert read(tmp_path, PLAIN).signing_key() == key
    path = tmp_path / "var/secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["secret"]  # noqa: PTH208


def test_a_weak_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(tmp_path, PLAIN)
    (tmp_path / "var").mkdir()
    (tmp_path / "var/secret").write_text("\n")
    with pytest.raises(ConfigError, match="secret needs 16 letters"):
        settings.signing_key()
    monkeypatch.setenv("SYNDICATE_SECRET", "short")
    with pytest.raises(ConfigError, match="SYNDICATE_SECRET") as raised:
        settings.signing_key()
    assert "short" not in str(raised.value).replace("too short", "")
    monkeypatch.setenv("SYNDICATE_SECRET", "long enough to be one")
    assert settings.signing_key() == b"long enough to be one"


def test_a_key_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a folder should be")
    with pytest.raises(ConfigError, match="cannot be kept"):
        read(tmp_path, PLAIN).signing_key()
