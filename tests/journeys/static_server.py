"""nginx and Caddy with the configurations of docs/serving, without privileges, in front of a server of the tests."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from time import monotonic, sleep
from urllib.parse import urlsplit

import pytest
from tests.journeys.web_server import HUB, Served

DOCS = Path(__file__).parents[2] / "docs" / "serving"


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def nginx(site: Served, folder: Path) -> Iterator[Served]:
    """The public tree of ``site`` behind nginx, in a folder that is its prefix."""
    program = _program("nginx")
    port, folder = free_port(), folder.resolve()
    folder.mkdir(parents=True)
    (folder / "nginx.conf").write_text(_whole(_ours(site, port), folder), encoding="utf-8")
    words = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr, checked.stderr
    with _running([*words, "-g", "daemon off;"], port):
        yield Served(site.house, port)


def _ours(site: Served, port: int) -> str:
    """The published configuration, its examples replaced by what is served here."""
    text = (DOCS / "nginx.conf").read_text("utf-8")
    for example, real in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:8000", f"127.0.0.1:{site.port}"),
        ("/srv/newsroom/var/public", str(site.house.tree.root.resolve())),
        ("https://news.example.org", site.house.site.public_url),
        ("server_name news.example.org", f"server_name {urlsplit(site.house.site.public_url).hostname}"),
        ("https://hub.example.org/", HUB),
        ('# "~', '"~'),
    ):
        assert example in text, example
        text = text.replace(example, real)
    return text


def _whole(server: str, folder: Path) -> str:
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"{user}worker_processes 1;\npid {folder}/pid;\nerror_log {folder}/errors;\n"
        f"events {{ worker_connections 64; }}\nhttp {{\naccess_log off;\n{temporary}{server}}}\n"
    )


@contextmanager
def caddy(site: Served, folder: Path) -> Iterator[Served]:
    program = _program("caddy")
    port, folder = free_port(), folder.resolve()
    folder.mkdir(parents=True)
    text = (DOCS / "Caddyfile").read_text("utf-8")
    for example, real in (
        ("news.example.org {", f"http://127.0.0.1:{port} {{"),
        ("127.0.0.1:8000", f"127.0.0.1:{site.port}"),
        ("/srv/newsroom/var/public", str(site.house.tree.root.resolve())),
        ("https://news.example.org", site.house.site.public_url),
        ("https://hub.example.org/", HUB),
        ("\t# header @topic", "\theader @topic"),
    ):
        assert example in text, example
        text = text.replace(example, real)
    text = f"{{\n\tadmin off\n\tauto_https off\n}}\n{text}"
    (folder / "Caddyfile").write_text(text, encoding="utf-8")
    words = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with _running(words, port, {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}):
        yield Served(site.house, port)


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian's package {name})")
    return found


@contextmanager
def _running(words: list[str], port: int, environment: dict[str, str] | None = None) -> Iterator[None]:
    with subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
    ) as process:
        try:
            _wait(process, port)
            yield
        finally:
            process.terminate()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    from socket import create_connection

    end = monotonic() + 20
    while monotonic() < end:
        assert process.poll() is None, f"ended with {process.returncode}"
        try:
            create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            sleep(0.02)
        else:
            return
    raise AssertionError("the server did not start")
