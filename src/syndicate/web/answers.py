"""Answers as Litestar sends them, each with the headers that keep browsers strict. No answer sets a cookie."""

from collections.abc import Mapping

from litestar import Response

STRICT = (
    "default-src 'none'; style-src 'self'; img-src 'self' https:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""For the pages made here."""

SCRIPTED = f"{STRICT}; script-src 'self'"
"""For the one of them that has a script."""

PUBLISHED = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' https: data:; "
    "media-src 'self' https:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""For files of the public tree: archive pages carry their style with them, feed pages have a copy button."""


def answer(
    body: bytes,
    media_type: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    policy: str = STRICT,
) -> Response[bytes]:
    """``media_type`` with its charset, as it goes out."""
    always = {
        "content-type": media_type,
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    return Response(body, status_code=status, headers={**always, **(headers or {})}, media_type=media_type)


def page(
    body: bytes,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    policy: str = STRICT,
    is_public: bool = False,
) -> Response[bytes]:
    """HTML; unless ``is_public`` it is made for one person: never stored, never indexed."""
    private = {} if is_public else {"cache-control": "no-store", "x-robots-tag": "noindex"}
    return answer(body, "text/html; charset=utf-8", status, {**private, **(headers or {})}, policy=policy)


def moved(status: int, location: str, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """A redirect to a path on this server."""
    return answer(b"", "text/plain; charset=utf-8", status, {"location": location, **(headers or {})})
