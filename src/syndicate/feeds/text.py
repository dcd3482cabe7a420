"""Last line of defence: text that XML can carry, and addresses that are absolute. Never raises."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from html import escape, unescape
from html.entities import name2codepoint
from urllib.parse import quote, urlsplit, urlunsplit

# XML 1.0, section 2.2: not in Char, or "discouraged" there (C1 controls and noncharacters), and lone surrogates.
_PLANES = "".join(f"{chr(p * 0x10000 + 0xFFFE)}{chr(p * 0x10000 + 0xFFFF)}" for p in range(17))
_ILLEGAL = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_PLANES}]")
_SPACE = re.compile(r"\s+")
_MARKUP_LIKE = re.compile(r"<[/!?a-zA-Z]|&(?:#|\w+;)")
_NOT_HTML = re.compile(r"<|&(?=[^\s&])")
_REFERENCE = re.compile(r"&(\w+)")
_AMPERSAND = re.compile(r"&(?=[#\w])")
_LOOKALIKES = str.maketrans("<>", "‹›")
_ANY_TAG = re.compile(r"<[^>]*(?:>|$)")
_NOTE_MARK = re.compile(r"<sup>.*?</sup>", re.DOTALL)
_PLAIN_URL = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9/._~!$&'()*+,;=:@-]*)?\Z")
_PATH_SAFE = "/%:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?"


def legal(text: str) -> str:
    """``text`` without what XML 1.0 forbids or discourages; U+FFFD, the mark of lost bytes, becomes ``?``."""
    if text.replace("\n", "").isprintable() and "\ufffd" not in text:  # the usual case, quickly
        return text
    text = _ILLEGAL.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\ufffd", "?")


def line(text: str) -> str:
    """``text`` on one line, trimmed."""
    return _SPACE.sub(" ", legal(text)).strip()


def attribute(text: str) -> str:
    """``text`` for HTML, between tags or between double quotes."""
    return escape(legal(text))


def unmistakable(text: str) -> str:
    """``text`` for an RSS title, which some read as text and some as HTML: escaped only where it could be markup.

    Readers that expect HTML would swallow ``<video>`` from a plain title; those that expect text are shown
    ``&lt;video&gt;`` in this rare case, which loses nothing. ``AT&T`` and ``R & D`` are the same to both.
    """
    return escape(text, quote=False) if _MARKUP_LIKE.search(text) else text


def fragment(text: str) -> str:
    """``text`` for an RSS description, which is HTML: escaped unless it is valid HTML and means itself."""
    return escape(text, quote=False) if _NOT_HTML.search(text) else text


def label(text: str) -> str:
    """A name or a tag on one line. No format can declare these as text, so what poses as markup is disarmed."""
    text = line(text)
    return _AMPERSAND.sub("＆", text.translate(_LOOKALIKES)) if _poses(text) else text


def _poses(text: str) -> bool:
    """Whether a careless HTML parser would find a tag or a character reference in ``text``."""
    names = _REFERENCE.findall(text)
    return bool(_MARKUP_LIKE.search(text)) or any(n in name2codepoint or not n.isalpha() for n in names)


def excerpt(html: str, length: int = 240) -> str:
    """The beginning of a clean fragment as one line of plain text, without note numbers, cut between words."""
    text = line(unescape(_ANY_TAG.sub(" ", _NOTE_MARK.sub("", html[: length * 20]))))
    if len(text) <= length:
        return text
    kept = text[:length]
    return (kept.rpartition(" ")[0] if " " in kept[length // 2 :] else kept).rstrip(" ,;:") + "…"


@lru_cache(maxsize=4096)
def web(url: str) -> str:
    """``url`` if it is absolute http(s), as an RFC 3986 URI (IRIs are mapped); else empty."""
    return url if _PLAIN_URL.match(url) else _mapped(legal(url).strip())


def _mapped(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9._-]+", host):
        return ""
    path, query = quote(parts.path, safe=_PATH_SAFE), quote(parts.query, safe=_QUERY_SAFE)
    return urlunsplit((parts.scheme, host + port, path, query, quote(parts.fragment, safe=_QUERY_SAFE)))


def moment(when: datetime) -> datetime:
    """``when`` in UTC on the whole second: the precision of RSS."""
    return when.astimezone(UTC).replace(microsecond=0)


def distinct(when: datetime, identity: str) -> datetime:
    """``when`` with a fraction of its second made from ``identity``, so that no two entries changed at once.

    Atom wants dates "as accurate as possible" (RFC 4287, section 3.3) and the validator warns of equal ones, but
    many articles know only their day, and the versions of a story often come together. The second stays true.
    """
    fraction = int.from_bytes(sha256(identity.encode("utf-8", "replace")).digest()[:8], "big") % 999_999 + 1
    return moment(when).replace(microsecond=fraction)
