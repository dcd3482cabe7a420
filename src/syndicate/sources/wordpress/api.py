"""The REST API as a list of JSON objects: addresses, paging, and every refusal told plainly."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from syndicate.model import SourceError
from syndicate.sources.fetch import Credentials, Fetched, shown
from syndicate.sources.fetch.fetcher import Fetcher, get_patiently
from syndicate.sources.lines import line
from syndicate.sources.wordpress import WordPressSettings

Json = dict[str, Any]
Params = Mapping[str, str]

_TITLE = re.compile(r"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_LAST_PAGE_PASSED = "rest_post_invalid_page_number"


class ApiRefused(SourceError):
    """WordPress answered, and said no. ``code`` is its own (``rest_no_route``), ``status`` HTTP's."""

    def __init__(self, text: str, code: str, status: int) -> None:
        super().__init__(text)
        self.code, self.status = code, status


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; ``total`` and ``pages`` as WordPress counts them."""

    items: tuple[Json, ...]
    total: int
    pages: int


class Api:
    """Asks one site; finds out by itself whether its addresses are pretty (``/wp-json/``) or plain."""

    def __init__(
        self, settings: WordPressSettings, fetcher: Fetcher, sleep: Callable[[float], None] | None = None
    ) -> None:
        self._home = settings.url.rstrip("/")
        self._fetcher, self._sleep = fetcher, sleep or time.sleep
        self._plain: bool | None = None
        has_password = bool(settings.username and settings.application_password)
        self.credentials = (
            Credentials(settings.username, settings.application_password) if has_password else None
        )

    def pages(self, route: str, params: Params) -> Iterator[Page]:
        """The pages of a listing, from the first. One that vanished meanwhile ends it, as an empty page."""
        number, last = 1, 1
        while number <= last:
            try:
                page = self.page(route, {**params, "page": str(number)})
            except ApiRefused as refusal:
                if refusal.code == _LAST_PAGE_PASSED and number > 1:
                    page = Page((), 0, 0)
                else:
                    raise
            yield page
            number, last = number + 1, page.pages

    def page(self, route: str, params: Params) -> Page:
        """One page. Raises ApiRefused, or SourceError when there is no REST API there to answer."""
        answer = self._answer(route, params)
        data = self._json(answer)
        if isinstance(data, dict):
            data = list(data.values()) if all(isinstance(v, dict) for v in data.values()) else [data]
        if not isinstance(data, list):
            raise SourceError(f"{shown(answer.url)}: answered with something that is no list of posts")
        items = tuple(item for item in data if isinstance(item, dict))
        total = _count(answer, "x-wp-total", len(items))
        return Page(items, total, _count(answer, "x-wp-totalpages", 1))

    def address(self, route: str, params: Params) -> str:
        """``route`` (``wp/v2/posts``) with its parameters, pretty or plain as this site has it."""
        query = urlencode(params)
        if self._plain:
            return f"{self._home}/?rest_route=/{route}{'&' if query else ''}{query}"
        return f"{self._home}/wp-json/{route}{'?' if query else ''}{query}"

    def _answer(self, route: str, params: Params) -> Fetched:
        """The answer; the first time, if it is not the API's, the one from the plain address.

        With plain permalinks ``/wp-json/`` is 404 or, on some servers, the home page with 200.
        """
        answer = self._get(route, params)
        if self._plain is None:
            self._plain = answer.status == 404 or not _is_json(answer)
            if self._plain:
                plain = self._get(route, params)
                if _is_json(plain) and plain.status != 404:
                    return plain
                self._plain = False
        return answer

    def _get(self, route: str, params: Params) -> Fetched:
        return get_patiently(
            self._fetcher,
            self.address(route, params),
            sleep=self._sleep,
            accept="application/json",
            credentials=self.credentials,
        )

    def _json(self, answer: Fetched) -> Any:
        try:
            data = json.loads(answer.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise SourceError(_no_json(answer)) from None
        if answer.status >= 400:
            raise _refusal(answer, data if isinstance(data, dict) else {})
        return data


def _is_json(answer: Fetched) -> bool:
    return answer.body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[")


def _count(answer: Fetched, name: str, default: int) -> int:
    value = answer.headers.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 10 else default


def _no_json(answer: Fetched) -> str:
    """A maintenance page, a log-in wall or a security plugin: say which page it was."""
    title = _TITLE.search(answer.body[:20000].decode("utf-8", "replace"))
    page = f"a page titled “{line(title[1])}”" if title else "something else"
    return (
        f"{shown(answer.url)}: answered HTTP {answer.status} with {page} instead of JSON;"
        " is the site in maintenance, or does a security plugin close the REST API?"
    )


_ADVICE = {
    401: "check the user name and the application password, and that the user may edit posts",
    403: "the user, or a security plugin, does not allow this",
    404: "is this WordPress's home address, and is its REST API switched on?",
}


def _refusal(answer: Fetched, data: Json) -> ApiRefused:
    code, said = line(str(data.get("code", ""))), line(str(data.get("message", "")))[:200]
    advice = _ADVICE.get(answer.status, "")
    text = f"{shown(answer.url)}: answered HTTP {answer.status} {code} {said}".rstrip()
    return ApiRefused(f"{text} ({advice})" if advice else text, code, answer.status)
