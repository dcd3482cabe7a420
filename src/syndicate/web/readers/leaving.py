"""``/u/{token}``: leave a newsletter, or all; take that back; say why. See ``proof`` for what a link proves."""

from syndicate.flows import subscribe
from syndicate.web.readers.forms import Form
from syndicate.web.readers.proof import Reader, Readers

ONE_CLICK = b"One-Click"
REASONS = ("often", "topics", "elsewhere", "unasked", "other")
LONGEST_REASON = 400
"""Characters of a reader's own words."""


class Leaving(Readers):
    """Each method returns a page (HTML bytes), and raises UnsafeValue for a token that is not ours.

    ``chosen`` is the language of ``?in=``.
    """

    def ask(self, token: str, chosen: str) -> bytes:
        """Changes nothing."""
        return self._page(self._reader(token, chosen))

    def leave(self, token: str, body: bytes, chosen: str) -> bytes:
        """``body``: a mail program's (urlencoded or multipart, RFC 8058, 3.1), or our form's, which may ask for all."""
        reader = self._reader(token, chosen)
        database, who, now = self.house.database, reader.whose.subscriber, self.clock()
        if ONE_CLICK in body:
            subscribe.unsubscribe(database, who, reader.whose.newsletter, "one-click", now)
        elif "everything" in Form(body):
            left = subscribe.unsubscribe_all(database, who, "unsubscribe page", now)
            return self._page(self._reader(token, chosen), left=left)
        else:
            subscribe.unsubscribe(database, who, reader.whose.newsletter, "unsubscribe page", now)
        return self._page(self._reader(token, chosen))

    def undo(self, token: str, body: bytes, chosen: str) -> bytes:
        """``body`` may name the newsletters; without, it is that of the link."""
        reader = self._reader(token, chosen)
        wanted = tuple(Form(body).texts("newsletter")) or (reader.whose.newsletter,)
        self.take_back(reader, wanted, "undo")
        after = self._reader(token, chosen)
        return self._page(after, is_back=any(after.gets(one) for one in wanted))

    def reason(self, token: str, body: bytes, chosen: str) -> bytes:
        """Kept as ``often: their own words``; a form without either is nothing."""
        reader, form = self._reader(token, chosen), Form(body)
        given = (*(one for one in form.texts("reason") if one in REASONS), form.text("words", LONGEST_REASON))
        said = ": ".join(part for part in given if part)
        if said and reader.standing:
            who, newsletter = reader.whose.subscriber, reader.whose.newsletter
            subscribe.tell_reason(self.house.database, who, newsletter, said, self.clock())
        return self._page(reader, is_told=bool(said))

    def _reader(self, token: str, chosen: str) -> Reader:
        return self.reader("unsubscribe", token, chosen)

    def _page(
        self, reader: Reader, *, is_back: bool = False, is_told: bool = False, left: tuple[str, ...] = ()
    ) -> bytes:
        newsletter = self.house.newsletters[reader.whose.newsletter]
        held = {one.newsletter for one in reader.standing.person.subscriptions} if reader.standing else set()
        return self.pages.render(
            "unsubscribe",
            reader.tongue,
            token=reader.token,
            newsletter=self.title(newsletter, reader.tongue.language),
            is_back=is_back,
            is_told=is_told,
            gets=reader.gets(newsletter.key),
            gets_others=reader.is_active and bool(held - {newsletter.key}),
            may_return=[one for one in left or (newsletter.key,) if reader.may_return(one)],
            left_all=reader.standing is not None and not held,
            is_known=reader.standing is not None,
            preferences=self.preferences_path(reader) if reader.standing else "",
            reasons=REASONS,
        )
