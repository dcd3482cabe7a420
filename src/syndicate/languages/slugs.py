"""Names for addresses: any script becomes [a-z0-9-]."""

import re
import unicodedata
from hashlib import sha256

_LONGEST = 80
# Characters of the text that can matter; what follows would be cut anyway.
_ENOUGH = 2000
_HAN = re.compile("([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af])")
_OTHER = re.compile("[^a-z0-9]+")
_APOSTROPHES = re.compile("['’ʼ`ʻ]")


def slug(text: str) -> str:
    """``text`` as 1 to 80 of [a-z0-9-], the same for the same text always: "Işık Çağı" -> ``isik-cagi``.

    Chinese characters become syllables between hyphens. A long one is cut at a hyphen where there is one.
    What has no letters at all becomes ``x-`` and eight digits of its SHA-256.
    """
    from anyascii import anyascii

    spaced = _HAN.sub(r" \1 ", unicodedata.normalize("NFC", text[:_ENOUGH]))
    plain = _APOSTROPHES.sub("", anyascii(spaced)).lower()
    found = _OTHER.sub("-", plain).strip("-")
    return _cut(found) or f"x-{sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _cut(found: str) -> str:
    if len(found) <= _LONGEST:
        return found
    head, _, _ = found[: _LONGEST + 1].rpartition("-")
    return head or found[:_LONGEST]
