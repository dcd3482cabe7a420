"""Untrusted text made safe to show on one line and to put into a header."""

import re
import unicodedata
from base64 import b64decode
from quopri import decodestring

# Line and paragraph ends of every kind part words; they become a space, unlike the other controls.
_BREAKS = re.compile("[\t-\r\u0085\u2028\u2029]+")
# C0, DEL, C1; soft hyphen; invisible format characters; bidi embeddings, overrides and isolates; interlinear
# marks; surrogates; noncharacters (not allowed in XML 1.0 or unwelcome there).
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\ufdd0-\ufdef\ud800-\udfff\ufffe\uffff]"
)
# Tag characters are invisible letters; only a flag (England, Scotland, Wales) has a use for them.
_TAGS = re.compile("(\U0001f3f4[\U000e0061-\U000e007a]+\U000e007f)|[\U000e0000-\U000e0fff]")
# Joiners shape Persian, Indic and emoji; elsewhere they only make equal-looking words differ.
_JOINERS = re.compile(
    "(?<![^\x00-\u00ff\u2000-\u206f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\u00ff\u2000-\u206f])"
)
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bq])\?([^?]*)\?=", re.IGNORECASE)
_ROUNDS = 16


def visible(text: str) -> str:
    """``text`` as one line of NFC plain text that shows all it holds and does nothing.

    Controls, bidi overrides and hidden characters are dropped (the plain marks LRM, RLM and ALM stay:
    Arabic and Hebrew need them, and they reach no further), white space is one space. RFC 2047
    encoded-words are decoded and cleaned again until nothing changes; what still looks like one is
    broken up, so that no header parser can find a line end in it (CVE-2024-6923 and its kind).
    """
    for _ in range(_ROUNDS):
        before, text = text, _cleaned(_decoded(text))
        if text == before:
            break
    # A parser in error looks for "=?" alone; two harmless halves in one header must not meet either.
    return text.replace("=?", "= ?")


def _cleaned(text: str) -> str:
    text = _UNSEEN.sub("", _BREAKS.sub(" ", text))
    text = _TAGS.sub(lambda found: found[1] or "", text)
    text = _JOINERS.sub("", text)
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _decoded(text: str) -> str:
    return _ENCODED_WORD.sub(_decode_word, text) if "=?" in text else text


def _decode_word(found: re.Match[str]) -> str:
    """One encoded-word as text (RFC 2047, section 4); unreadable ones stay, to be broken up at the end."""
    charset, encoding, body = found[1].partition("*")[0], found[2].lower(), found[3]
    try:
        raw = body.encode("ascii")
        octets = decodestring(raw, header=True) if encoding == "q" else b64decode(raw + b"===")
        return octets.decode(charset, "replace")
    except (ValueError, LookupError):
        return found[0]
