"""How a file of the public tree is sent: validators first, then the bytes, packed where the client takes that."""

from litestar import Request, Response
from litestar.datastructures import State

from syndicate.flows.house import House
from syndicate.model import Site
from syndicate.web.answers import PUBLISHED, answer, moved
from syndicate.web.conditions import accepts_gzip, entity_tag, http_date, is_current
from syndicate.web.files import File, Folder, find

_FEED_AGE = "public, max-age=1800"
_PAGE_AGE = "public, max-age=600"
_PICTURE_AGE = "public, max-age=31536000, immutable"


def tree_answer(house: House, request: Request[None, None, State]) -> Response[bytes] | None:
    """The answer to GET or HEAD for a path of the tree; None where nothing is there."""
    found = find(house.tree.root, house.database, request.scope["raw_path"])
    if isinstance(found, Folder):
        return moved(301, found.location)
    return _sent(house.site, found, request) if found else None


def _sent(site: Site, file: File, request: Request[None, None, State]) -> Response[bytes] | None:
    headers = _headers(site, file)
    given = {name: ", ".join(request.headers.getall(name, [])) for name in request.headers}
    tag = headers["etag"]
    if is_current(given.get("if-none-match"), given.get("if-modified-since"), tag, file.changed):
        return answer(b"", _type(file, given), 304, headers, policy=PUBLISHED)
    try:
        packed = file.packed() if accepts_gzip(given.get("accept-encoding", "")) else None
        body = packed if packed is not None else file.place.read_bytes()
    except FileNotFoundError:  # removed since it was found
        return None
    if packed is not None:
        headers["content-encoding"] = "gzip"
    return answer(body, _type(file, given), 200, headers, policy=PUBLISHED)


def _headers(site: Site, file: File) -> dict[str, str]:
    """Those of 200 and 304 alike (RFC 9110, 15.4.5)."""
    headers = {
        "etag": entity_tag(file.sha256),
        "last-modified": http_date(file.changed),
        "cache-control": _age(file),
        "vary": "Accept-Encoding, Sec-Fetch-Dest" if file.is_xml_feed else "Accept-Encoding",
    }
    if file.is_feed:
        headers |= {"access-control-allow-origin": "*", "x-robots-tag": "noindex"}
    if file.is_topic and site.hubs:
        headers["link"] = _websub(site, file)
    return headers


def _age(file: File) -> str:
    if file.is_feed:
        return _FEED_AGE
    return _PICTURE_AGE if file.path.startswith("media/") else _PAGE_AGE


def _type(file: File, given: dict[str, str]) -> str:
    """A browser that opens an XML feed shows it, with its style sheet, only when it is called plain XML."""
    if file.is_xml_feed and given.get("sec-fetch-dest") == "document":
        return "application/xml; charset=utf-8"
    return file.content_type


def _websub(site: Site, file: File) -> str:
    """One header with both relations (WebSub, section 4; some hubs read only the first header)."""
    links = [f'<{site.public_url}/{file.path}>; rel="self"', *(f'<{hub}>; rel="hub"' for hub in site.hubs)]
    return ", ".join(links)
