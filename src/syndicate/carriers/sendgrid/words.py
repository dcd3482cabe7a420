"""What SendGrid and readers' servers say, made fit for a log: one line, no e-mail address, no key, not endless."""

import re

LONGEST = 300

_ADDRESS = re.compile(r"<?[^\s<>()\[\]]*@[^\s<>()\[\]]*>?")
"""More than an address now and then, never less."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def plain(text: object, secret: str = "") -> str:
    """``text`` on one line of at most 300 characters; addresses become "(address)", ``secret`` "(key)"."""
    words = _CONTROL.sub(" ", str(text)[: 20 * LONGEST])
    if secret:
        words = words.replace(secret, "(key)")
    return " ".join(_ADDRESS.sub("(address)", words).split())[:LONGEST]
