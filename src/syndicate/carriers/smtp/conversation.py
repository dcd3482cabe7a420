"""The conversation on one connection: an envelope, a message held back before its final dot, the dot."""

from time import monotonic

from syndicate.carriers.smtp.envelope import DOT, Ready, Sign
from syndicate.carriers.smtp.verdict import after_dot, lost_after, lost_before, refusal, words
from syndicate.carriers.smtp.wire import Lost, Reply, Unsent, Unwelcome, Wire
from syndicate.model import Outcome

_VERBS = ("MAIL", "RCPT", "DATA")


class Conversation:
    """For each message ``begin`` (or being the ``following`` of an ``end``), ``offer``, ``end``.

    Once ``is_over`` nothing more may be said but :meth:`drop`. ``carried`` counts messages that were answered,
    ``waited`` is how long the last answer to a dot took, in seconds; 0 for none.
    """

    def __init__(self, wire: Wire, sign: Sign | None) -> None:
        self.wire, self.sign = wire, sign
        self.is_over = False
        self.carried, self.waited = 0, 0.0
        self.pipelines = "PIPELINING" in wire.offers
        self._needs_reset = False
        self.drop = wire.drop
        self.leave = wire.leave

    async def begin(self, one: Ready) -> None:
        """Send the envelope, where the server takes it in one piece. A failure shows when it is answered."""
        try:
            await self.wire.send(self._envelope(one))
        except Lost:
            self.is_over = True

    async def offer(self, one: Ready) -> Outcome | None:
        """Hear the answers to the envelope, send the message without its dot. None: all of it is there."""
        if (refused := await self._asked(one)) is not None:
            return refused
        body = one.body(self.sign)
        try:
            await self.wire.send_pieces(body)
        except Lost as lost:
            return await self.early_word(lost)
        return None

    async def early_word(self, lost: Lost) -> Outcome:
        """Why the server would not hear the end: what it said, where it said something (as 552, too large)."""
        self.is_over = True
        try:
            if self.wire.has_news() and (reply := await self.wire.reply()).code >= 400:
                return refusal("message", reply)
        except Lost as also:
            lost = also
        return lost_before(lost)

    async def end(self, following: Ready | None) -> Outcome:
        """The dot, and in the same breath the envelope of the next (RFC 2920, 3.1)."""
        self.waited = 0.0
        try:
            await self.wire.send(DOT + self._envelope(following) if following else DOT)
            began = monotonic()
            reply = await self.wire.reply()
            self.waited = monotonic() - began
        except Unsent as lost:
            return await self.early_word(lost)
        except Lost as lost:
            self.is_over = True
            return lost_after(lost)
        self.carried += 1
        self.is_over = reply.code == 421 or reply.code // 100 == 3
        return after_dot(reply)

    def _envelope(self, one: Ready) -> bytes:
        if not self.pipelines:
            return b""
        reset = b"RSET\r\n" if self._needs_reset else b""
        return reset + b"".join(one.commands(self.wire.offers, self.sign))

    async def _asked(self, one: Ready) -> Outcome | None:
        """None: the server waits for the message. All the answers are read, so that none is left for the next."""
        refused: Outcome | None = None
        replies: list[Reply] = []
        try:
            await self._clear()
            for verb, command in zip(_VERBS, self._steps(one), strict=True):
                replies.append(reply := await self._hear(verb, command))
                if reply.code >= 400:
                    refused = refused or refusal(verb, reply)
                    self._needs_reset = True
                    if reply.code == 421 or not self.pipelines:
                        self.is_over = reply.code == 421
                        return refused
            if refused and replies[-1].code == 354:
                await self._end_nothing(replies[1])
        except Lost as lost:
            self.is_over = True
            return refused or lost_before(lost)
        return refused

    def _steps(self, one: Ready) -> tuple[bytes, bytes, bytes]:
        """What is still to be sent before each answer: nothing, when all was sent in one piece."""
        return (b"", b"", b"") if self.pipelines else one.commands(self.wire.offers, self.sign)

    async def _hear(self, verb: str, command: bytes) -> Reply:
        """The answer to a command. Raises Lost when it cannot be one, for then we and the server are out of step."""
        if command:
            await self.wire.send(command)
        reply = await self.wire.reply()
        if verb == "MAIL" and reply.code == 530:
            raise Unwelcome(f"MAIL: {words(reply)}")
        is_yes = reply.code == 354 if verb == "DATA" else reply.code // 100 == 2
        if not is_yes and (reply.code < 400 or (verb == "MAIL" and reply.code == 503)):
            raise Lost(f"not an answer to {verb}: {words(reply)}")
        return reply

    async def _clear(self) -> None:
        """RSET, where the last envelope was left half-way; in a pipeline it went in front of this one."""
        if not self._needs_reset:
            return
        reply = await (self.wire.reply() if self.pipelines else self.wire.ask("RSET"))
        if reply.code // 100 != 2:
            raise Lost(f"RSET: {words(reply)}")
        self._needs_reset = False

    async def _end_nothing(self, rcpt: Reply) -> None:
        """The server waits for a message to nobody, which a lone dot ends (RFC 2920, 3.1)."""
        if rcpt.code < 400:
            # To somebody, from nobody it knows: a dot might send it.
            raise Lost("DATA was allowed after MAIL was refused")
        await self.wire.send(DOT)
        self.is_over = (await self.wire.reply()).code == 421
