"""Files that are made while they go out."""

from collections.abc import Iterator
from typing import cast

from litestar.response import Stream

from syndicate.web.console.screens import POLICY
from syndicate.web.routes import Answer


def download(pieces: Iterator[bytes], name: str) -> Answer:
    """A CSV file that a browser saves as ``name``; kept by nobody on the way."""
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "x-robots-tag": "noindex",
    }
    made = Stream(pieces, status_code=200, headers=headers, media_type="text/csv")
    return cast(Answer, made)
