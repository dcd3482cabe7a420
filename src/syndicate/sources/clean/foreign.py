"""Languages and directions inside a fragment: what is said is made canonical, what is plain to see is marked.

A block in another language than its article is read out in the wrong voice and hyphenated by the wrong
rules unless it says so (WCAG 2, success criterion 3.1.2).
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from syndicate import languages
from syndicate.model import LanguageTagError
from syndicate.sources.clean.tree import Element, elements

_LEAVES = ("p", "li", "blockquote", "dd", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6")
_LETTERS_OF_OTHER_SCRIPT = 12
_LONG_ENOUGH = 60
_SURE = 0.95
_FAIRLY_SURE = 0.5
# of a foreign block's words at most this share also stands elsewhere in the article
_SHARED_WORDS = 0.34
_CODE = frozenset({"code", "pre", "kbd", "samp", "var"})
_ADDRESS = re.compile(r"://|@|[\w-]\.[\w-]|_")
_CHECKSUM = re.compile(r"\b[0-9a-fA-F]{16,}\b")
# the languages that detection tells apart well enough to print their name on a block
_TOLD_APART = tuple(
    sorted(
        {*languages.SHIPPED, "bg", "cs", "el", "fa", "fi", "he", "hi", "hu", "hy", "it", "ja", "ka", "ko"}
        | {"nl", "pl", "pt", "ro", "sv", "th", "uk", "ur", "vi"}
    )
)
_WORD = re.compile(r"[^\W\d_]+")
_BEYOND_LATIN = re.compile("[\u0370-\u1dff\u2c00-\ud7ff\uf900-\U0010ffff]")
_EMBEDDINGS = re.compile("[\u202a-\u202e]")
_ISOLATES = re.compile("[\u2066-\u2069]")


def mark(root: Element, language: str) -> None:
    """Canonical ``lang`` with ``dir`` on what says its language and on blocks that plainly have another."""
    for node in elements(root):
        _settle_bidi(node)
        if (tag := node.get("lang")) is not None:
            _label(node, tag)
    blocks = [(node, _prose(node)) for node in elements(root, *_LEAVES) if _is_leaf(node)]
    total = sum(len(text) for _, text in blocks)
    found = _foreign(blocks, language)
    # where most of it is "foreign" the article's own tag is in doubt, and marking would make it worse
    if 2 * sum(len(text) for _, text, _ in found) <= total:
        for node, _, tag in found:
            _label(node, tag)


def _prose(node: Element) -> str:
    """The text of a block without code, which is in no language, and without addresses. Linear time."""
    words = "".join(_spoken(node)).split()
    return _CHECKSUM.sub(" ", " ".join(word for word in words if not _ADDRESS.search(word)))


def _spoken(node: Element) -> Iterator[str]:
    yield node.text or ""
    for child in node:
        yield from _spoken(child) if child.tag not in _CODE else (" ",)
        yield child.tail or ""


def _label(node: Element, tag: str) -> None:
    try:
        tag = languages.normalise(tag)
    except LanguageTagError:
        del node.attrib["lang"]
        return
    node.set("lang", tag)
    node.set("dir", languages.direction(tag))


def _is_leaf(node: Element) -> bool:
    return next(node.iterdescendants(*_LEAVES), None) is None


def _foreign(blocks: list[tuple[Element, str]], language: str) -> list[tuple[Element, str, str]]:
    words = [_WORD.findall(text.casefold()) for _, text in blocks]
    everywhere = Counter(word for some in words for word in set(some))
    found = []
    for (node, text), own in zip(blocks, words, strict=True):
        if own and not _says_language(node) and (tag := _other_language(text, own, everywhere, language)):
            found.append((node, text, tag))
    return found


def _says_language(node: Element) -> bool:
    return node.get("lang") is not None or any(a.get("lang") is not None for a in node.iterancestors())


def _other_language(text: str, words: list[str], everywhere: Counter[str], language: str) -> str:
    """The language of a block when it is plainly not ``language``, else an empty string."""
    if is_in_another_script(text, language):
        return _guess(text, language, _FAIRLY_SURE)
    # cheap and without a model: a block in the article's language shares its small words with the others
    shared = sum(everywhere[word] > 1 for word in words)
    if len(text) < _LONG_ENOUGH or shared > _SHARED_WORDS * len(words):
        return ""
    return _guess(text, language, _SURE)


def is_in_another_script(text: str, language: str) -> bool:
    """Whether most letters of ``text`` are of a script that ``language`` is not written in."""
    if _is_latin(language) and not _BEYOND_LATIN.search(text):
        return False
    if sum(map(len, _WORD.findall(text))) < _LETTERS_OF_OTHER_SCRIPT:
        return False
    return languages.detect(text, (language,)).language == "und"


@cache
def _is_latin(language: str) -> bool:
    return languages.detect("abcdefghijklmnopqrstuvwxyz", (language,)).language != "und"


def _guess(text: str, language: str, least: float) -> str:
    guess = languages.detect(text, _TOLD_APART)
    own = languages.primary(language)
    # a Japanese or Korean line written all in Chinese characters is no Chinese
    is_own = guess.language == own or (guess.language == "zh" and languages.is_cjk(language))
    return "" if guess.language == "und" or guess.confidence < least or is_own else guess.language


def _settle_bidi(node: Element) -> None:
    """No embeddings or overrides; isolates only where each is closed (UAX 9, section 2.4)."""
    node.text = settled(node.text) if node.text else node.text
    node.tail = settled(node.tail) if node.tail else node.tail
    for name, value in node.attrib.items():
        if not str(value).isascii():
            node.set(name, settled(str(value)))


def settled(text: str) -> str:
    """``text`` without bidi embeddings and overrides, and without isolates when they do not balance."""
    if text.isascii():
        return text
    text = _EMBEDDINGS.sub("", text)
    return text if _balanced(text) else _ISOLATES.sub("", text)


def _balanced(text: str) -> bool:
    depth = 0
    for mark_ in _ISOLATES.findall(text):
        depth += -1 if mark_ == "\u2069" else 1
        if depth < 0:
            return False
    return depth == 0
