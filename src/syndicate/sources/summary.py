"""The first words of an article, for those that bring no summary."""

import re

from syndicate import languages
from syndicate.sources.clean import tree

LENGTH = 280
_PARAGRAPH = re.compile(r"<(?:p|div|li)\b[^>]*>(.*?)</(?:p|div|li)>", re.DOTALL)
_REFERENCE = re.compile(r"<sup><a href=\"#fn-\d+\".*?</sup>")
# after these a text without spaces may be cut
_CJK_STOP = "。！？；，、"


def shortened(body_html: str, length: int = LENGTH) -> str:
    """The text of the first paragraph that says something, cut at a word at about ``length`` characters.

    ``body_html`` is clean and its footnotes are canonical; their references are left out.
    """
    for found in _PARAGRAPH.finditer(body_html):
        root = tree.parse(_REFERENCE.sub("", found[1]))
        if len(text := languages.visible(tree.plain_text(root))) > 1:
            return cut(text, length)
    return cut(languages.visible(tree.plain_text(tree.parse(_REFERENCE.sub("", body_html)))), length)


def cut(text: str, length: int = LENGTH) -> str:
    """``text`` in at most ``length`` characters and an ellipsis, ended at a word or, in CJK, at a stop."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    space = head.rfind(" ")
    stop = max(head.rfind(c) for c in _CJK_STOP) + 1
    at = max(space, stop) if max(space, stop) > length // 2 else len(head)
    return head[:at].rstrip(" ,;:，、；—–-") + "…"
