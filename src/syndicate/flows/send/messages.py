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

    Raises UnsafeValue, when made out to somebody, for an address that cannot be written into a message.
    """

    def __init__(
        self, mailroom: Mailroom, newsletter: Newsletter, issue: Issue, clock: Callable[[], datetime]
    ) -> None:
        self.mailroom, self.newsletter, self.clock = mailroom, newsletter, clock
        with mailroom.database.read() as connection:
            frozen = issues.editions(connection, issue.id)
        self._digests = {one.edition.id: restored(one.digest) for one in frozen}
        self._senders = {digest.language: self._sender(digest.language) for digest in self._digests.values()}
        self._stencils: dict[int, Stencil] = {}
        self._letters: dict[int, Marked] = {}
        self._envelope = mailroom.return_path or mailroom.from_address

    def make(self, line: Claimed) -> HandOver | Personal:
        """In the form that the carrier takes."""
        return self._personal(line) if self.mailroom.carrier.takes == "letters" else self._hand_over(line)

    def _hand_over(self, line: Claimed) -> HandOver:
        found = self._stencils.get(line.edition)
        if found is None:
            found = self._stencils[line.edition] = stencil(*self._edition(line.edition))
        recipient = self._recipient(line)
        pieces = found.pieces(recipient, self.clock())
        return HandOver(line.id, self._return_path(line.id), recipient.email, pieces, is_tidy=True)

    def _personal(self, line: Claimed) -> Personal:
        found = self._letters.get(line.edition)
        if found is None:
            found = self._letters[line.edition] = letter(line.edition, *self._edition(line.edition))
        return personal(found, line.id, self._recipient(line))

    def _edition(self, identity: int) -> tuple[Digest, Sender]:
        digest = self._digests[identity]
        return digest, self._senders[digest.language]

    def _return_path(self, delivery: int) -> str:
        if not self.mailroom.verp:
            return self._envelope
        return self.mailroom.tokens.return_path(self._envelope, delivery)

    def _recipient(self, line: Claimed) -> Recipient:
        room, key = self.mailroom, self.newsletter.key
        unsubscribe = room.tokens.make("unsubscribe", line.subscriber, key)
        base, to = room.site.public_url, room.unsubscribe_address
        return Recipient(
            name=line.name,
            email=mailbox(line.email),
            message_id=line.message_id,
            unsubscribe_url=f"{base}/u/{unsubscribe}",
            preferences_url=f"{base}/p/{room.tokens.make('preferences', line.subscriber, key)}",
            unsubscribe_mailto=f"{to}?subject={unsubscribe}" if to else "",
        )

    def _sender(self, language: str) -> Sender:
        room = self.mailroom
        archive = f"{room.site.public_url}/{language}/archive/{self.newsletter.key}/"
        return sender(self.newsletter, room.site, language, room.from_address, room.reply_to, archive)
