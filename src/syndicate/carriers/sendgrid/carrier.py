"""Letters handed over to SendGrid: one lane is one connection, and one request at a time is on its way."""

from syndicate.carriers.desk import Desk
from syndicate.carriers.sendgrid.account import SendGridAccount
from syndicate.carriers.sendgrid.batches import Batches
from syndicate.carriers.sendgrid.lane import Lane
from syndicate.model import Outcome, Personal


class SendGrid:
    """A carrier that fills in by itself what differs from person to person.

    At most once: every message is marked at the desk before the last byte of its request, and one whose answer is
    lost after that is UNSURE, to be settled by the event webhook (its ``delivery`` is in ``custom_args``) or by a
    person. May be used from as many threads as it has ``lanes``.
    """

    name = "sendgrid"
    takes = "letters"

    def __init__(self, account: SendGridAccount) -> None:
        self.account, self.lanes = account, account.connections
        self._batches, self._names = Batches(account), dict[int, str]()

    def __enter__(self) -> "SendGrid":
        return self

    def __exit__(self, *_: object) -> None:
        """Connections are the lanes' own."""

    def carry(self, desk: Desk[Personal]) -> None:
        """One lane, in a thread of its own, until the desk has nothing more.

        Raises :class:`CarrierError` when SendGrid cannot be reached or refuses us; all that the lane had taken is
        given back or settled then.
        """
        # httpx takes its time to import, and most commands send nothing.
        from syndicate.carriers.sendgrid.wire import Wire

        with Wire(self.account) as wire:
            lane = Lane(self.account, desk, wire, self._batches, self._names)
            while items := desk.take(self.account.personalizations):
                lane.carry(items)
            self._batches.tidy(wire)

    def proof(self, delivery: int) -> Outcome | None:
        """Nothing is certain: the Activity API is bought apart, and its silence proves nothing; events do."""
        return None
