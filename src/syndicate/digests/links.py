"""Addresses that may stand in a mail: absolute http(s), ASCII only, of bearable length."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

from syndicate.digests.slots import cleared

LONGEST = 2000
_SAFE = "/%:=&?~#+!$,;'@()*[]-._|"
_PICTURES_NOT_SHOWN = re.compile(r"\.svgz?(?:$|[?#])", re.IGNORECASE)


def safe_url(url: str) -> str:
    """``url`` as a URI (RFC 3986), an IRI's other letters percent-encoded; empty when it is no web address."""
    try:
        parts = urlsplit(cleared(url).strip())
        host = _host(parts.netloc)
        path, query, fragment = (quote(p, safe=_SAFE) for p in parts[2:])
        uri = urlunsplit((parts.scheme, host, path, query, fragment))
    except (ValueError, UnicodeError):
        return ""
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    return uri if is_web and len(uri) <= LONGEST else ""


def picture_url(url: str) -> str:
    """The address of a picture that mail clients show (Gmail and Outlook drop SVG); empty for others."""
    return "" if _PICTURES_NOT_SHOWN.search(url) else safe_url(url)


def _host(netloc: str) -> str:
    host = netloc if netloc.isascii() else netloc.encode("idna").decode("ascii")
    if not re.fullmatch(r"[A-Za-z0-9.\-_:\[\]]+", host):
        raise ValueError(f"no host: {host!r}")
    return host
