"""Messages: a claimed delivery made out to its reader, in the form that the carrier takes."""

from collections.abc import Callable
from datetime import datetime

from syndicate.digests import Digest, Marked, Recipient, Sender, Stencil, letter, personal, sender, stencil
from syndicate.flows.compose import restored
from syndicate.flows.send.mailroom import Mailroom
from syndicate.model import HandOver, Issue, Newsletter, Personal
from syndicate.store import issues
from syndicate.store.claims import Claimed
from syndicate.subscribers.addresses import mailbox


class Messages:
    """Of one issue. Each edition is made ready once, when its first reader comes up; used by many threads.

    ``make`` makes a line out in the form that the carrier takes. It raises UnsafeValue for an address that cannot be
    written into a message.
    """

    make: Callable[[Claimed], HandOver | Personal]

    def __init__(
        self, mailroom: Mailroom, newsletter: Newsletter, issue: Issue, clock: Callable[[], datetime]
    ) -> None:
        self.mailroom, self.newsletter, self.clock = mailroom, newsletter, clock
        with mailroom.database.read() as connection:
            frozen = issues.editions(connection, issue.id)
        self._digests = {one.edition.id: restored(one.digest) for one in frozen}
        self._senders = {digest.language: self._sender(digest.language) for digest in self._digests.values()}
        self.make = self._personal if mailroom.carrier.takes == "letters" else self._hand_over
        self._stencils: dict[int, Stencil] = {}
        self._letters: dict[int, Marked] = {}
        self._envelope, self._verp = mailroom.return_path or mailroom.from_address, mailroom.verp
        self._tokens = mailroom.tokens.pairs("unsubscribe", "preferences", newsletter.key)
        base, to = mailroom.site.public_url, mailroom.unsubscribe_address
        self._unsubscribe, self._preferences = f"{base}/u/", f"{base}/p/"
        self._mailto = f"{to}?subject=" if to else ""

    def _hand_over(self, line: Claimed) -> HandOver:
        found = self._stencils.get(line.edition)
        if found is None:
            found = self._stencils[line.edition] = stencil(*self._edition(line.edition))
        recipient = self._recipient(line)
        pieces, back = found.pieces(recipient, self.clock()), self._envelope
        if self._verp:
            back = self.mailroom.tokens.return_path(back, line.id)
        return HandOver(line.id, back, recipient.email, pieces, True)

    def _personal(self, line: Claimed) -> Personal:
        found = self._letters.get(line.edition)
        if found is None:
            found = self._letters[line.edition] = letter(line.edition, *self._edition(line.edition))
        return personal(found, line.id, self._recipient(line))

    def _edition(self, identity: int) -> tuple[Digest, Sender]:
        digest = self._digests[identity]
        return digest, self._senders[digest.language]

    def _recipient(self, line: Claimed) -> Recipient:
        unsubscribe, preferences = self._tokens(line.subscriber)
        return Recipient(
            line.name,
            mailbox(line.email),
            line.message_id,
            self._unsubscribe + unsubscribe,
            self._preferences + preferences,
            self._mailto and self._mailto + unsubscribe,
        )

    def _sender(self, language: str) -> Sender:
        room = self.mailroom
        archive = f"{room.site.public_url}/{language}/archive/{self.newsletter.key}/"
        return sender(self.newsletter, room.site, language, room.from_address, room.reply_to, archive)
