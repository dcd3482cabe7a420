"""What goes out when all is well."""

from collections.abc import Iterator
from typing import cast

from litestar.response import Stream
from pydantic import BaseModel

from syndicate.web.answers import STRICT, answer
from syndicate.web.api.operations import CSV, JSON
from syndicate.web.api.problems import MEDIA_TYPE, PRIVATE
from syndicate.web.routes import Answer


def text_of(told: BaseModel) -> str:
    return told.model_dump_json()


def json_answer(status: int, body: str, headers: dict[str, str] | None = None) -> Answer:
    kind = JSON if status < 400 else MEDIA_TYPE
    return answer(body.encode(), kind, status, {**PRIVATE, **(headers or {})})


def file_answer(pieces: Iterator[bytes]) -> Answer:
    headers = {
        **PRIVATE,
        "content-security-policy": STRICT,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    made = Stream(pieces, status_code=200, headers=headers, media_type=CSV)
    return cast(Answer, made)
