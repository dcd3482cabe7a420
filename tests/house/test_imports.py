"""The house keeps its shape: who may import whom, what a start costs, how files are named and how long they are."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ROOT / "src/syndicate"
MODULES = sorted(CODE.rglob("*.py"))
# What the console command must not pay for before it knows what is asked of it.
HEAVY = ("sqlalchemy", "litestar", "alembic", "psycopg", "httpx", "numpy", "scipy", "lxml", "pydantic", "babel",
         "feedgen", "mjml", "jinja2")  # fmt: skip


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=120, cwd=ROOT)


def committed() -> list[Path]:
    """The files under version control that are text."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what is committed cannot be told")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in files if path.is_file() and b"\0" not in path.read_bytes()[:8000]]


def test_imports_go_downward_only(tmp_path: Path) -> None:
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(cache_dir=None))"
    done = python("-c", code)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Contracts: \d+ kept, 0 broken", done.stdout)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['syndicate', '--help']\n"
        "from syndicate.app import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print('LOADED', *sorted({HEAVY!r} & sys.modules.keys()))"
    ).replace(f"{HEAVY!r} &", f"set({HEAVY!r}) &")
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
    assert done.stdout.strip().splitlines()[-1] == "LOADED"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(CODE).as_posix())
def test_a_module_is_short_and_named_after_a_noun(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500
    parts = {part.removesuffix(".py") for part in path.relative_to(CODE).parts}
    assert not parts & {
        "utils",
        "util",
        "core",
        "helpers",
        "helper",
        "common",
        "manager",
        "services",
        "misc",
        "base",
    }


# Put together here, so that a search for them finds places that mean it.
UNDONE = ("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(CODE).as_posix())
def test_nothing_is_left_undone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(rf"\b({'|'.join(UNDONE)})\b", text)
    if text.strip() and "migrations/versions" not in path.as_posix():
        assert ast.get_docstring(ast.parse(text)), "a module says what it is for"


# A package index, a folder of the machine this was written on.
ELSEWHERE = re.compile(
    r"https?://[\w.-]*(?:pypi|pythonhosted|artifactory|nexus)[\w.-]*|(?<![\w.])/(?:work|farm)/(?!flow)|--index[-]url"
)
# The Makefile and docs may name the option that leaves the address out.
ALLOWED = re.compile(r"--no-emit-index-url")


def test_no_committed_file_names_an_index_or_a_folder_of_this_machine() -> None:
    found = []
    for path in committed():
        if path == Path(__file__):
            continue
        text = ALLOWED.sub("", path.read_text(encoding="utf-8", errors="replace"))
        found += [f"{path.relative_to(ROOT)}: {hit[0]}" for hit in ELSEWHERE.finditer(text)]
    assert found == []


def test_the_locks_pin_every_package_with_its_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
        pinned = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert pinned
        loose = [
            line
            for line in pinned
            if not re.match(r"[A-Za-z0-9._-]+(\[[\w,-]+\])?==\S+.*--hash=sha256:", line)
        ]
        assert loose == [], name
