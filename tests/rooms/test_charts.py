"""A bar shows everybody, each once, in order, and nothing beside it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from syndicate.flows.sum_up import Fates
from syndicate.web.console.charts import KINDS, Piece, bar, parts

people = st.integers(0, 10**7)


@st.composite
def fates(draw: st.DrawFn) -> Fates:
    delivered, heard_of, bounced = draw(people), draw(people), draw(people)
    rest = {name: draw(people) for name in ("failed", "unsure", "skipped", "cancelled", "waiting")}
    sent = delivered + heard_of + bounced
    return Fates("en", sent + sum(rest.values()), sent, delivered, bounced, **rest)


def span(piece: Piece) -> tuple[float, float]:
    start = float(piece.start.removesuffix("%"))
    return start, start + float(piece.width.removesuffix("%"))


@given(fates())
def test_a_bar_is_everybody_once(of: Fates) -> None:
    assert sum(parts(of).values()) == of.owed
    made = bar(of)
    kinds = [piece.kind for piece in made]
    assert kinds == [kind for kind in KINDS if parts(of)[kind]]
    ends = [span(piece) for piece in made]
    assert all(abs(one[1] - two[0]) < 0.01 for one, two in pairwise(ends))
    assert not made or (ends[0][0] == 0 and abs(ends[-1][1] - 100) < 0.02)


def test_nobody_is_no_bar() -> None:
    assert bar(Fates("en")) == ()
