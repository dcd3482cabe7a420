"""What the editor says above the stories: plain text of paragraphs, in which addresses are links."""

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

from syndicate.digests.links import safe_url
from syndicate.digests.prose import Paragraph, paragraphs
from syndicate.digests.slots import cleared
from syndicate.languages import visible

MOST_PARAGRAPHS = 40

_BLANK = re.compile(r"\n\s*\n")
_ADDRESS = re.compile(r"https?://[^\s<>\"“”«»]+")
# What stands behind an address belongs to the sentence.
_TAIL = ".,;:!?…)]}'’،؛؟。，"


def note_html(text: str) -> Markup:
    """As a fragment for the web: a ``<p>`` for each paragraph (RFC 3986 addresses become links); empty for none."""
    blocks = (" ".join(visible(cleared(line)) for line in one.split("\n")) for one in _split(text))
    return Markup("").join(Markup("<p>{}</p>").format(_linked(block)) for block in blocks)


def note_paragraphs(text: str) -> tuple[Paragraph, ...]:
    """As a mail tells it."""
    return paragraphs(str(note_html(text)), MOST_PARAGRAPHS) if text.strip() else ()


def _split(text: str) -> list[str]:
    return [one.strip() for one in _BLANK.split(text.replace("\r\n", "\n")) if one.strip()]


def _linked(text: str) -> Markup:
    return Markup("").join(_pieces(text))


def _pieces(text: str) -> Iterator[Markup]:
    end = 0
    for found in _ADDRESS.finditer(text):
        shown = found[0].rstrip(_TAIL)
        url = safe_url(shown)
        if not url:
            continue
        yield escape(text[end : found.start()])
        yield Markup('<a href="{}">{}</a>').format(url, shown)
        end = found.start() + len(shown)
    yield escape(text[end:])
