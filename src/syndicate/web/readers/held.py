"""``/p/{token}/data`` and ``/p/{token}/erase``: what is held about somebody, to read, to take along, to erase."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from syndicate.flows import subscribe
from syndicate.flows.subscribe import HeldAbout
from syndicate.languages import Catalogue, catalogue, format_date
from syndicate.model import NotFound
from syndicate.subscribers.lists.cells import inert
from syndicate.web.readers.forms import Form
from syndicate.web.readers.proof import Reader, Readers

COLUMNS = ("part", "line", "field", "value")


class Held(Readers):
    """Each method raises UnsafeValue for a token that is not ours, NotFound for somebody who was erased."""

    def page(self, token: str, chosen: str) -> bytes:
        """For reading. Changes nothing, as the next two."""
        reader, held = self._held(token, chosen)
        words = catalogue(reader.tongue.language)
        titles = {key: self.title(one, reader.tongue.language) for key, one in self.house.newsletters.items()}
        return self.pages.render(
            "data",
            reader.tongue,
            token=token,
            person=held.subscriber,
            held=held,
            titles=titles,
            said=_words(words),
            day=self._day(reader),
        )

    def as_json(self, token: str) -> bytes:
        """One object: subscriber, consent, deliveries, events, signups, suppressed. Times are ISO 8601, UTC."""
        return orjson.dumps(_document(self._held(token, "")[1]), option=orjson.OPT_INDENT_2)

    def as_csv(self, token: str) -> bytes:
        """The same as lines of ``COLUMNS`` (RFC 4180), with a mark that tells spreadsheets it is UTF-8."""
        file = io.StringIO(newline="")
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        plain = orjson.loads(orjson.dumps(_document(self._held(token, "")[1])))
        writer.writerows((*row[:3], inert(row[3])) for row in _lines(plain))
        return file.getvalue().encode("utf-8-sig")

    def ask_erase(self, token: str, chosen: str) -> bytes:
        """What goes and what stays. Changes nothing."""
        return self._erase_page(self.reader("preferences", token, chosen))

    def erase(self, token: str, body: bytes, chosen: str) -> bytes:
        """``body`` is the form of that page, with ``erase=1``; else nothing happens."""
        reader = self.reader("preferences", token, chosen)
        if "erase" not in Form(body):
            return self._erase_page(reader)
        subscribe.erase_reader(self.house, reader.whose.subscriber, self.clock())
        # The page stays in the language of the reader, who is known no more.
        return self._erase_page(Reader(token, reader.whose, None, reader.tongue))

    def _held(self, token: str, chosen: str) -> tuple[Reader, HeldAbout]:
        reader = self.reader("preferences", token, chosen)
        if reader.standing is None:
            raise NotFound("there is no such subscriber any more")
        return reader, subscribe.held(self.house, reader.whose.subscriber)

    def _day(self, reader: Reader) -> Any:
        """A moment as the reader's own day."""
        assert reader.standing is not None
        zone = ZoneInfo(reader.standing.person.timezone)
        return lambda moment: format_date(_local(moment, zone), reader.tongue.language)

    def _erase_page(self, reader: Reader) -> bytes:
        return self.pages.render(
            "erase",
            reader.tongue,
            token=reader.token,
            is_known=reader.standing is not None,
            sign_up=self.sign_up_path(reader.tongue.language),
        )


def _local(moment: Any, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()  # type: ignore[no-any-return]


def _document(held: HeldAbout) -> Mapping[str, Any]:
    deliveries = [
        {"issue": issue, "state": state, "reason": reason, "settled_at": settled}
        for issue, state, reason, settled in held.deliveries
    ]
    return {
        "subscriber": held.subscriber,
        "consent": held.consent,
        "deliveries": deliveries,
        "events": held.events,
        "signups": held.signups,
        "suppressed": held.suppressed,
    }


def _lines(document: Mapping[str, Any]) -> Iterator[tuple[str, int, str, str]]:
    """(part, line, field, value) of everything; what is nested has a field such as ``wish.name``."""
    for part, value in document.items():
        for line, one in enumerate(value if isinstance(value, list) else [value], start=1):
            for field, cell in _cells(one, ""):
                yield part, line, field, cell


def _cells(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _cells(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _cells(inner, f"{name}.{number}")
    else:
        yield name, "" if value is None else str(value)


def _words(words: Catalogue) -> Mapping[str, Mapping[str, str]]:
    """Codes of the store in words, by what they are of."""
    came_back, not_sent, left = (
        words.gettext("Came back"),
        words.gettext("Not sent"),
        words.gettext("Unsubscribed"),
    )
    return {
        "consent": {
            "subscribed": words.gettext("Subscribed"),
            "unsubscribed": left,
            "changed": words.gettext("Preferences changed"),
            "confirmed": words.gettext("Confirmed"),
            "reason": words.gettext("You told us why you left"),
            "suppressed": words.gettext("We stopped mailing you"),
        },
        "delivery": {
            "planned": words.gettext("Waiting to be sent"),
            "claimed": words.gettext("Waiting to be sent"),
            "accepted": words.gettext("Sent"),
            "bounced": came_back,
            "refused": not_sent,
            "failed": not_sent,
            "skipped": not_sent,
            "cancelled": not_sent,
            "unsure": words.gettext("Perhaps sent"),
        },
        "event": {
            "taken": words.gettext("Sent"),
            "deferred": words.gettext("Delayed"),
            "delivered": words.gettext("Delivered"),
            "bounced": came_back,
            "blocked": came_back,
            "dropped": not_sent,
            "complained": words.gettext("Marked as spam"),
            "unsubscribed": left,
            "opened": words.gettext("Opened"),
            "clicked": words.gettext("A link was opened"),
        },
        "signup": {
            "asked": words.gettext("Waiting to be sent"),
            "mailed": words.gettext("Mail to confirm sent"),
            "confirmed": words.gettext("Confirmed"),
            "dropped": words.gettext("No mail was sent"),
        },
    }
