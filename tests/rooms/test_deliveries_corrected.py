"""Who is told of a mistake: everybody who got the story, once, by a way that is open still."""

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from syndicate.deliveries import Addressed, Got, addressed
from syndicate.model import SkipReason

GOT = st.builds(
    Got,
    st.integers(1, 4),
    st.sampled_from(("weekly", "daily")),
    st.sampled_from(("en", "tr")),
    st.booleans(),
    st.sampled_from(("", "", SkipReason.UNSUBSCRIBED)),
)


@given(
    st.lists(GOT, max_size=8).map(lambda found: sorted(found, key=lambda one: one.subscriber)), st.booleans()
)
def test_one_line_a_person_and_mailed_where_there_is_a_way(got: list[Got], doubtful_too: bool) -> None:
    lines = list(addressed(got, doubtful_too=doubtful_too))
    assert [line.subscriber for line in lines] == sorted({one.subscriber for one in got})
    for line, (_, group) in zip(lines, groupby(got, key=lambda one: one.subscriber), strict=True):
        theirs = list(group)
        ways = [one for one in theirs if not one.objection and (doubtful_too or not one.is_doubtful)]
        assert bool(line.reason) is not bool(ways)
        chosen = ways or theirs
        assert (line.newsletter, line.article) in {(one.newsletter, one.article) for one in chosen}


def test_what_certainly_arrived_comes_before_what_may_have_and_the_first_before_the_last() -> None:
    sure, later, doubtful = Got(1, "weekly", "en"), Got(1, "daily", "tr"), Got(1, "daily", "tr", True)
    told = Addressed(1, "weekly", "en")
    assert list(addressed([doubtful, sure], doubtful_too=True)) == [told]
    assert list(addressed([sure, later])) == [told]
    assert list(addressed([doubtful])) == [Addressed(1, "daily", "tr", SkipReason.IN_DOUBT)]
