"""Words as they are looked for: without case, accents and marks, so that *ozgurluk* finds *Özgürlük*."""

import unicodedata

# Letters that Unicode does not take apart, and that people type as these.
_PLAIN = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ə": "e", "æ": "ae", "œ": "oe", "ـ": ""})


def folded(text: str) -> str:
    """``text`` for comparing and searching, in any script; one space between words. Twice is as once."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(c for c in apart if unicodedata.category(c) not in ("Mn", "Cf"))
    return " ".join(unicodedata.normalize("NFC", bare.translate(_PLAIN)).split())
