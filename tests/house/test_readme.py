"""What the papers say can be typed: every command in them exists."""

import re
from functools import cache
from pathlib import Path

import pytest
from tests.journeys.warm import warm

ROOT = Path(__file__).parents[2]
PAPERS = sorted(p for p in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if "decisions" not in p.parts)
_BLOCK = re.compile(r"^```(?:sh|bash|console|shell)\s*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)|<img[^>]*\bsrc=\"([^\"]+)\"")
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s#]+)(?:#[^)]*)?\)")


def commands(path: Path, program: str) -> list[list[str]]:
    """What follows ``program`` on each line of the paper's shell blocks, until a comment or another command."""
    found = []
    for block in _BLOCK.findall(path.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|\|\||[|;]", line.split(" #")[0].strip().removeprefix("$ ")):
                words = part.split()
                if words and words[0].rpartition("/")[2] == program:
                    found.append(words[1:])
    return found


@cache
def help_of(*verbs: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}
    done = warm().run((*verbs, "--help"), ROOT, environment)
    return done.stdout if done.returncode == 0 else ""


def verbs(words: list[str]) -> tuple[str, ...]:
    """The words that are verbs: as deep as there is a help of their own."""
    taken: tuple[str, ...] = ()
    for word in words:
        if (
            not re.fullmatch(r"[a-z-]+", word)
            or word.startswith("-")
            or not re.search(rf"[│ ] {word}\b", help_of(*taken))
        ):
            break
        taken = (*taken, word)
        if "COMMAND" not in help_of(*taken):
            break
    return taken


@cache
def targets() -> frozenset[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_make_target_named_exists(path: Path) -> None:
    named = {
        word for words in commands(path, "make") for word in words if re.fullmatch(r"[a-z][a-z-]*", word)
    }
    assert named <= targets()


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_named_exists_with_its_options(path: Path) -> None:
    for words in commands(path, "syndicate"):
        if words[0].startswith("-"):
            continue
        taken = verbs(words)
        assert taken, f"syndicate {' '.join(words)}"
        assert "COMMAND" not in help_of(*taken) or len(words) == len(taken), (
            f"no such verb: {' '.join(words)}"
        )
        for option in (word.partition("=")[0] for word in words if re.match(r"--[a-z]", word)):
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", help_of(*taken)), f"{' '.join(words)}: {option}"


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_picture_and_page_pointed_to_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    pointed = [a or b for a, b in _PICTURE.findall(text)] + _LINK.findall(text)
    local = [one for one in pointed if not re.match(r"[a-z]+:|#", one)]
    missing = [one for one in local if not (path.parent / one).exists()]
    assert missing == []


def test_the_two_commands_that_do_everything_are_there() -> None:
    assert {"demo", "test", "serve", "bench"} <= targets()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    if not readme.strip():
        pytest.skip("README.md is not written yet")
    assert ["demo"] in commands(ROOT / "README.md", "make")
    assert ["test"] in commands(ROOT / "README.md", "make")
