"""SendGrid in strict mode: a doubt can be called back, and what cannot be called back stays a doubt."""

from collections.abc import Iterator

import pytest
from tests.contracts.desk import MemoryDesk
from tests.contracts.fake_sendgrid import FakeSendGrid
from tests.contracts.sendgrid_samples import account, again, carried, people, personal, states

from syndicate.carriers.sendgrid import SendGrid
from syndicate.carriers.sendgrid.batches import MOST_CANCELLED
from syndicate.model import DeliveryState

DOUBTS = ("500 before", "accept, close", "accept, hang", "accept, 500", "accept, truncate", "hang")


@pytest.fixture
def fake() -> Iterator[FakeSendGrid]:
    with FakeSendGrid() as running:
        yield running


def test_strict_mode_schedules_a_quarter_of_an_hour_ahead(fake: FakeSendGrid) -> None:
    desk = carried(fake, people(4), strict=True, personalizations=2)
    assert set(states(desk).values()) == {"accepted"}
    assert len({one["batch_id"] for one in fake.requests}) == 2
    assert all(one["send_at"] >= fake.now() + 890 for one in fake.requests)
    assert not fake.deliveries
    fake.advance(1000)
    assert len(fake.deliveries) == 4


@pytest.mark.parametrize("fault", DOUBTS)
def test_strict_mode_ends_every_doubt(fake: FakeSendGrid, fault: str) -> None:
    fake.faults, items = [fault], people(6)
    settings = {"strict": True, "personalizations": 3, "timeout": 2.5}
    desk = carried(fake, items, **settings)
    assert states(desk) == dict.fromkeys((1, 2, 3), "failed") | dict.fromkeys((4, 5, 6), "accepted")
    assert all(desk.outcomes[n].retry and "cancelled" in desk.outcomes[n].detail for n in (1, 2, 3))
    again(fake, items, desk, **settings)
    fake.advance(2000)
    assert set(fake.deliveries.values()) == {1}
    assert len(fake.deliveries) == 6


def test_what_cannot_be_cancelled_is_a_doubt(fake: FakeSendGrid) -> None:
    plain = fake.other
    fake.other = lambda method, parts, query, body: (
        (500, {}) if "scheduled_sends" in parts else plain(method, parts, query, body)
    )
    fake.faults = ["accept, 500"]
    assert states(carried(fake, people(2), strict=True)) == {1: "unsure", 2: "unsure"}


@pytest.mark.parametrize("held", [[], [{"status": "pause"}], [{"status": "cancel"}] * 2, {}, None])
def test_a_batch_that_is_not_found_cancelled_is_a_doubt(fake: FakeSendGrid, held: object) -> None:
    plain, stops = fake.other, {"POST": (400, {}), "GET": (200, held)}
    fake.other = lambda method, parts, query, body: (
        stops[method] if "scheduled_sends" in parts else plain(method, parts, query, body)
    )
    fake.faults = ["accept, 500"]
    assert states(carried(fake, people(1), strict=True)) == {1: "unsure"}


@pytest.mark.parametrize("theirs", [MOST_CANCELLED, 99])
def test_ten_are_cancelled_at_one_time_and_deleted_when_they_are_over(
    fake: FakeSendGrid, theirs: int
) -> None:
    fake.most_stopped = theirs
    fake.faults = ["accept, 500"] * (MOST_CANCELLED + 1)
    carrier = SendGrid(account(fake, strict=True, personalizations=1))
    desk = MemoryDesk(people(MOST_CANCELLED + 1))
    carrier.carry(desk)
    assert [one.state for one in desk.outcomes.values()].count(DeliveryState.UNSURE) == 1
    assert len(fake.scheduled) == MOST_CANCELLED
    fake.advance(3000)
    fake.faults = ["accept, 500"]
    later = MemoryDesk([personal(99)])
    carrier.carry(later)
    assert later.outcomes[99].retry
    assert len(fake.scheduled) == 1
    assert len(fake.deliveries) == 1


def test_without_a_batch_nothing_is_sent(fake: FakeSendGrid) -> None:
    plain = fake.other
    fake.other = lambda method, parts, query, body: (
        (500, {}) if parts == ["mail", "batch"] else plain(method, parts, query, body)
    )
    desk = carried(fake, people(2), strict=True)
    assert states(desk) == {1: "failed", 2: "failed"}
    assert all(one.retry for one in desk.outcomes.values())
    assert desk.marked == []
