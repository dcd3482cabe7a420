"""What an answer means for one delivery (RFC 5321, 4.2.1)."""

import re

from syndicate.carriers.smtp.wire import Lost, Reply
from syndicate.languages import visible
from syndicate.model import DeliveryState, Outcome

_ADDRESS = re.compile(r"[^\s<>()@\"',;:]+@[^\s<>()@\"',;:]+")


def after_dot(reply: Reply) -> Outcome:
    """Whatever is neither yes nor no is a doubt. What a yes says is kept as it is: it names the message over there."""
    if reply.code // 100 == 2:
        return Outcome(DeliveryState.ACCEPTED, _line(reply))
    if reply.code // 100 == 3:
        return Outcome(DeliveryState.UNSURE, f"not an answer to a message: {words(reply)}")
    return refusal("message", reply)


def refusal(verb: str, reply: Reply) -> Outcome:
    """5yz: never; everything else that is not yes: not now, try again."""
    detail = f"{verb}: {words(reply)}"
    if reply.code // 100 == 5:
        return Outcome(DeliveryState.REFUSED, detail)
    return Outcome(DeliveryState.FAILED, detail, retry=True)


UNANSWERED = Outcome(DeliveryState.UNSURE, "the sender ended before the answer")
"""Its dot may have left, and we end."""

UNENDED = Outcome(
    DeliveryState.FAILED,
    "connection lost before the message: the sender ended before the last byte",
    retry=True,
)
"""It is marked, its dot has not left, and we end."""


def lost_before(lost: Lost) -> Outcome:
    """Before the final dot left it is certain that nothing was taken."""
    return Outcome(DeliveryState.FAILED, f"connection lost before the message: {lost}", retry=True)


def lost_after(lost: Lost) -> Outcome:
    """The dot was given to the system, which may have sent it before it told us that it could not."""
    return Outcome(DeliveryState.UNSURE, f"no reply after the message: {lost}")


def words(reply: Reply) -> str:
    """Code (the enhanced one of RFC 2034 too) and text in one safe line, without the addresses that servers repeat."""
    return _ADDRESS.sub("(address)", _line(reply))


def _line(reply: Reply) -> str:
    line = " ".join((str(reply.code), *reply.text.decode("utf-8", "replace").split()))
    return (line if line.isprintable() else visible(line))[:300]
