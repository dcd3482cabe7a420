"""Debian's own WordPress, really installed and really read.

Opt-in: ``SYNDICATE_TEST_WORDPRESS=1`` and the packages ``wordpress mariadb-server php-cli php-mysql``.
A private mariadbd on a socket, PHP's built-in server, wp-config in a temporary folder; nothing is left behind.
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from syndicate.model import Found, Gone, Manuscript, SourceError, SourceItem, Touched
from syndicate.sources.fetch import FetchSettings
from syndicate.sources.wordpress import WordPressSettings, read

WORDPRESS = Path("/usr/share/wordpress")
NEEDED = ("mariadbd", "mariadb-install-db", "mariadb", "php")
SEARCH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"
missing = [name for name in NEEDED if not shutil.which(name, path=SEARCH)]
pytestmark = [
    pytest.mark.wordpress,
    pytest.mark.skipif(
        os.environ.get("SYNDICATE_TEST_WORDPRESS") != "1", reason="set SYNDICATE_TEST_WORDPRESS=1"
    ),
    pytest.mark.skipif(
        bool(missing) or not WORDPRESS.is_dir(),
        reason="install wordpress mariadb-server php-cli php-mysql",
    ),
]
CONFIG = """<?php
define('DB_NAME', 'wp'); define('DB_USER', 'wp'); define('DB_PASSWORD', 'wp');
define('DB_HOST', 'localhost:{socket}'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
{keys}
define('WP_ENVIRONMENT_TYPE', 'local'); define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_HOME', '{home}'); define('WP_SITEURL', '{home}');
define('WP_CONTENT_DIR', '{content}'); define('WP_DEBUG', false);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', '{root}/');
require_once ABSPATH . 'wp-settings.php';
"""
ROUTER = """<?php
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$file = $_SERVER['DOCUMENT_ROOT'] . $path;
if ($path !== '/' && is_file($file)) return false;
$_SERVER['SCRIPT_NAME'] = '/index.php';
require $_SERVER['DOCUMENT_ROOT'] . '/index.php';
"""
PREPARE = """<?php
define('WP_INSTALLING', true); $_SERVER['HTTP_HOST'] = '{host}'; require '{root}/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Kavsak', 'editor', 'editor@example.org', true, '', 'a long pass phrase');
update_option('permalink_structure', '{permalinks}'); update_option('timezone_string', 'Europe/Istanbul');
global $wp_rewrite; $wp_rewrite->init(); $wp_rewrite->flush_rules(false);
$user = get_user_by('login', 'editor');
update_user_meta($user->ID, 'description', 'Writes about ports and lives in Istanbul with two cats.');
list($password) = WP_Application_Passwords::create_new_application_password($user->ID, ['name' => 'syndicate']);
echo $password;
"""


def free_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


@dataclass
class Site:
    """A running WordPress with one editor."""

    home: str
    password: str

    def post(self, **values: Any) -> Any:
        return self._send("POST", "/index.php?rest_route=/wp/v2/posts", values)

    def edit(self, number: int, **values: Any) -> Any:
        return self._send("POST", f"/index.php?rest_route=/wp/v2/posts/{number}", values)

    def trash(self, number: int) -> None:
        self._send("DELETE", f"/index.php?rest_route=/wp/v2/posts/{number}", {})

    def _send(self, method: str, path: str, values: dict[str, Any]) -> Any:
        secret = base64.b64encode(f"editor:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {secret}", "Content-Type": "application/json"}
        answer = httpx.request(
            method, self.home + path, content=json.dumps(values), headers=headers, timeout=60, trust_env=False
        )
        assert answer.status_code < 300, answer.text
        return answer.json()

    def settings(self, *, is_editor: bool = False, **more: Any) -> WordPressSettings:
        values: dict[str, Any] = {"languages": ("tr", "en"), "default_language": "en", "page_size": 2, **more}
        if is_editor:
            values |= {"username": "editor", "application_password": self.password}
        fetch = FetchSettings(allow_private=(self.home.removeprefix("http://"),))
        return WordPressSettings(name="wp", url=self.home, timezone="Europe/Istanbul", fetch=fetch, **values)


def wait_for(ready: Any, what: str) -> None:
    for _ in range(300):
        if ready():
            return
        time.sleep(0.1)
    pytest.fail(f"{what} did not start")


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A MariaDB of our own, reachable by its socket only."""
    folder = tmp_path_factory.mktemp("db")
    (folder / "data").mkdir()
    user = ["--user=root"] if os.geteuid() == 0 else []
    env = {**os.environ, "PATH": SEARCH}
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={folder / 'data'}", "--skip-test-db",
         "--auth-root-authentication-method=normal", *user],
        check=True, env=env, capture_output=True,
    )  # fmt: skip
    path = folder / "s"
    server = subprocess.Popen(
        ["mariadbd", "--no-defaults", f"--datadir={folder / 'data'}", f"--socket={path}", "--skip-networking",
         f"--pid-file={folder / 'pid'}", "--innodb-buffer-pool-size=32M", *user],
        env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(path.exists, "mariadbd")
    sql = (
        "CREATE DATABASE wp; CREATE USER wp@localhost IDENTIFIED BY 'wp'; GRANT ALL ON wp.* TO wp@localhost;"
    )
    subprocess.run(["mariadb", "--no-defaults", f"--socket={path}", "-uroot", "-e", sql], check=True, env=env)
    yield path
    server.terminate()
    server.wait(30)


@pytest.fixture(scope="module", params=["/%postname%/", ""], ids=["pretty", "plain"])
def site(
    request: pytest.FixtureRequest, database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """WordPress freshly installed in a copy of Debian's files."""
    env = {**os.environ, "PATH": SEARCH}
    sql = "DROP DATABASE wp; CREATE DATABASE wp;"
    subprocess.run(
        ["mariadb", "--no-defaults", f"--socket={database}", "-uroot", "-e", sql], check=True, env=env
    )
    folder = tmp_path_factory.mktemp("wp")
    root, port = folder / "site", free_port()
    shutil.copytree(
        WORDPRESS, root, symlinks=False, ignore=shutil.ignore_patterns("languages", "wp-config.php")
    )
    home = f"http://127.0.0.1:{port}"
    keys = "\n".join(
        f"define('{name}', '{name.lower()} for a test');"
        for kind in ("AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE")
        for name in (f"{kind}_KEY", f"{kind}_SALT")
    )
    config = CONFIG.format(socket=database, keys=keys, home=home, content=root / "wp-content", root=root)
    (root / "wp-config.php").write_text(config)
    (folder / "router.php").write_text(ROUTER)
    script = PREPARE.format(host=f"127.0.0.1:{port}", root=root, permalinks=request.param)
    (folder / "prepare.php").write_text(script)
    sendmail = ["-d", "sendmail_path=/bin/true", "-d", "display_errors=0"]
    made = subprocess.run(
        ["php", *sendmail, str(folder / "prepare.php")], check=True, env=env, capture_output=True, text=True
    )
    password = made.stdout.strip().splitlines()[-1]
    server = subprocess.Popen(
        ["php", *sendmail, "-S", f"127.0.0.1:{port}", "-t", str(root), str(folder / "router.php")],
        env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(lambda: answers(port), "php")
    yield Site(home, password)
    server.terminate()
    server.wait(10)


def take(settings: WordPressSettings, known: dict[str, str]) -> tuple[list[SourceItem], dict[str, str]]:
    items = list(read(settings, known, datetime.now(UTC)))
    after = known | {i.key: i.fingerprint for i in items if isinstance(i, Found | Touched)}
    return items, {k: v for k, v in after.items() if Gone(k) not in items}


def manuscripts(items: list[SourceItem]) -> dict[str, Manuscript]:
    return {m.title: m for item in items if isinstance(item, Found) for m in item.manuscripts}


def test_the_life_of_posts(site: Site) -> None:
    turkish = "<p>Limanlar dolu ve gemiler haftalardır sıra bekliyor.</p>"
    first = site.post(title="Liman &amp; yol", content=turkish, status="publish")
    site.post(title="Ports", content="<p>The ports are full and ships wait for weeks.</p>", status="publish")
    draft = site.post(title="Draft", content="<p>It is not ready for readers yet.</p>", status="draft")
    later = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S")
    site.post(
        title="Scheduled", content="<p>This will be published later on.</p>", status="future", date_gmt=later
    )

    items, known = take(site.settings(), {})
    found = manuscripts(items)
    assert {"Liman & yol", "Ports"} <= set(found)
    assert not {"Draft", "Scheduled"} & set(found)
    assert found["Liman & yol"].language == "tr"
    assert found["Ports"].language == "en"
    assert found["Ports"].authors[0].key == "editor"
    assert abs(found["Ports"].published - datetime.now(UTC)) < timedelta(minutes=10)
    assert found["Ports"].url.startswith(site.home)
    (author,) = [a for i in items if isinstance(i, Found) and i.key.startswith("user/") for a in i.authors]
    assert [b.language for b in author.bios] == ["en"]

    assert take(site.settings(), known)[0] == []
    time.sleep(1.1)
    site.edit(first["id"], title="Yeni liman")
    items, known = take(site.settings(), known)
    assert set(manuscripts(items)) == {"Yeni liman"}
    assert items[-1].key == "cursor"  # type: ignore[union-attr]

    site.trash(first["id"])
    items, known = take(site.settings(), known)
    assert items == [Gone(str(first["id"]))]

    with_drafts, _ = take(site.settings(is_editor=True, drafts=True), {})
    assert {"Draft", "Scheduled", "Ports"} <= set(manuscripts(with_drafts))
    assert str(draft["id"]) not in known


def test_a_wrong_password_is_told(site: Site) -> None:
    wrong = site.settings(username="editor", application_password="wrong")
    with pytest.raises(SourceError, match="HTTP 401"):
        list(read(wrong, {}, datetime.now(UTC)))
