"""What the other rooms hand in, and what they get back. Values only; nothing here decides."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from syndicate.model import CompleteArticle, Newsletter, Site


@dataclass(frozen=True, slots=True)
class EditionArticle:
    """One article of an edition.

    ``is_fallback``: it is not in the edition's language and is labelled so. ``corrected`` is the local day
    of a correction that readers should know of; the note itself is ``complete.article.state_note``.
    """

    complete: CompleteArticle
    is_fallback: bool = False
    corrected: date | None = None


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another edition of the same issue: its language and the absolute address of its archive page."""

    language: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionContent:
    """All that one edition says, before it has a form.

    ``issue_date`` is the local date of the issue. ``language`` is the edition's, ``reads`` the languages of its
    readers, their first one first. ``lead`` comes first, ``items`` after it in order, ``on_the_web`` is
    only named in the mail. Addresses are absolute: ``web_url`` shows this edition in a browser,
    ``archive_url`` lists the issues in this language, ``feeds`` are (media type, address) for autodiscovery.
    ``note`` is what the editor says above the stories, plain text; ``given_subject`` a subject of the editor's own.
    """

    newsletter: Newsletter
    site: Site
    issue_date: date
    language: str
    web_url: str
    lead: EditionArticle | None = None
    items: tuple[EditionArticle, ...] = ()
    on_the_web: tuple[EditionArticle, ...] = ()
    reads: tuple[str, ...] = ()
    archive_url: str = ""
    feeds: tuple[tuple[str, str], ...] = ()
    siblings: tuple[Sibling, ...] = ()
    note: str = ""
    given_subject: str = ""

    @property
    def told(self) -> tuple[EditionArticle, ...]:
        """The articles that the mail itself tells, the lead first."""
        return (self.lead, *self.items) if self.lead else self.items

    @property
    def all(self) -> tuple[EditionArticle, ...]:
        """Every article of the edition, in order."""
        return (*self.told, *self.on_the_web)


@dataclass(frozen=True, slots=True)
class Digest:
    """An edition as a message for nobody in particular: rendered once, addressed many times.

    ``html`` and ``text`` (lines end in LF) hold the slots of :mod:`syndicate.digests.slots`. ``subject`` and
    ``preheader`` are one line of plain text each. ``told`` and ``on_the_web`` are the article ids as they
    came to stand after the mail was made to fit.
    """

    subject: str
    preheader: str
    html: str
    text: str
    language: str
    direction: str
    told: tuple[str, ...] = ()
    on_the_web: tuple[str, ...] = ()


class Recipient(NamedTuple):
    """One person. ``message_id`` is ``<left@right>``; the https addresses carry opaque tokens, no address.

    A tuple, as one is made for each message: a frozen dataclass takes three times as long to make.
    """

    name: str
    email: str
    message_id: str
    unsubscribe_url: str
    preferences_url: str
    unsubscribe_mailto: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the mail is from, the same for every reader of a newsletter in one language; see :func:`sender`."""

    name: str
    email: str
    list_id: str
    feedback_id: str
    reply_to: str = ""
    archive_url: str = ""


@dataclass(frozen=True, slots=True)
class ArchivedIssue:
    """One line of the list of issues: local date, subject line, address, number of stories."""

    date: date
    title: str
    url: str
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveListing:
    """All issues of a newsletter in one language, newest first."""

    newsletter: Newsletter
    site: Site
    language: str
    url: str
    issues: tuple[ArchivedIssue, ...]
    feeds: tuple[tuple[str, str], ...] = ()
    siblings: tuple[Sibling, ...] = field(default=())
