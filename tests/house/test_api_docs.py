"""``docs/api.md`` tells what there is, as the API itself says it, and its examples are ones that it takes.

Write its tables again with ``WRITE_DOCS=1 .venv/bin/pytest tests/house/test_api_docs.py``.
"""

import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from tests.journeys.web_server import CONFIG, NOW

from syndicate.app import open_house
from syndicate.web.api import api
from syndicate.web.api.operations import Operation
from syndicate.web.api.problems import CODES

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
TABLE = r"({head}\n\|---.*\n)((?:\|.*\n)*)"


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> list[Operation]:
    config = tmp_path_factory.mktemp("newsroom") / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")
    house = open_house(config)
    house.database.close()
    return api(house, lambda: NOW).operations


def written(operations: list[Operation]) -> dict[str, list[str]]:
    """Head of each table to its rows."""
    order = sorted(operations, key=lambda one: (one.address, one.method))
    return {
        r"\| code \| means \|": [f"| `{code}` | {told} |" for code, told in CODES.items()],
        r"\| what \| address \| needs \| does \|": [
            f"| {one.method} | `{one.address}` | {one.needs} | {one.says} |" for one in order
        ],
    }


def test_the_tables_say_what_there_is(operations: list[Operation]) -> None:
    text = wanted = PAGE.read_text(encoding="utf-8")
    for head, rows in written(operations).items():
        pattern = TABLE.format(head=head)
        assert len(re.findall(pattern, wanted)) == 1, head
        body = "".join(f"{row}\n" for row in rows)
        wanted = re.sub(pattern, lambda found, body=body: found[1] + body, wanted)  # type: ignore[misc]
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(wanted, encoding="utf-8")
        text = wanted
    assert text == wanted, "the API has changed; see the top of this test"


def test_the_examples_are_taken(operations: list[Operation]) -> None:
    found = list(examples())
    assert len(found) > 15
    for words in found:
        options, url = read(words)
        path, _, query = url.removeprefix("$SYNDICATE").partition("?")
        method = options.get("-X", ["GET"])[0]
        one = named(operations, method, path)
        headers = dict(line.split(": ", 1) for line in options["-H"])
        assert headers["Authorization"] == "Bearer $TOKEN", url
        assert ("Idempotency-Key" in headers) == (method == "POST"), url
        if one.takes_file or method == "GET":
            one.takes.model_validate(dict(parse_qsl(query)))
        else:
            assert not query
            body = options.get("-d", ["{}"])[0]
            assert ("-d" in options) == (headers.get("Content-Type") == "application/json"), url
            one.takes.model_validate_json(body, strict=True)


def test_the_examples_of_the_description_are_taken(operations: list[Operation]) -> None:
    shown = 0
    for one in operations:
        for body in one.takes.model_json_schema().get("examples", ()):
            one.takes.model_validate_json(json.dumps(body), strict=True)
            shown += 1
    assert shown >= 8


def examples() -> Iterator[list[str]]:
    """Each call of curl, word by word."""
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("curl "):
                yield shlex.split(line)[1:]


def read(words: list[str]) -> tuple[dict[str, list[str]], str]:
    """Its options, and the one word that is none."""
    options: dict[str, list[str]] = {}
    rest = iter(words)
    urls = []
    for word in rest:
        if word.startswith("-"):
            options.setdefault(word, []).append(next(rest))
        else:
            urls.append(word)
    (url,) = urls
    return options, url


def named(operations: list[Operation], method: str, path: str) -> Operation:
    fits = [
        one
        for one in operations
        if one.method == method and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", one.address), path)
    ]
    assert fits, f"there is no {method} {path}"
    return min(fits, key=lambda one: one.address.count("{"))
