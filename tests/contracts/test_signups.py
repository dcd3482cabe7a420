"""Sign-ups on every store: asked, mailed once, confirmed, erased; and nothing that tells whom we know."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from tests.contracts.samples import NOW, person
from tests.journeys.web_server import CONFIG

from syndicate.app import open_house
from syndicate.carriers import Outbox
from syndicate.flows import sign_up, subscribe
from syndicate.flows.house import House
from syndicate.flows.post import LEASE, deliver_post
from syndicate.flows.sign_up import Asking, Taken
from syndicate.flows.subscribe import Preferences
from syndicate.model import (
    CarrierError,
    DeliveryState,
    NotFound,
    Outcome,
    Signup,
    SignupState,
    SubscriberStatus,
    Subscription,
    UnsafeValue,
)
from syndicate.store import Database, signups, subscribers
from syndicate.store.lists import Chosen, people
from syndicate.store.tables import signup as table
from syndicate.subscribers import address_hash
from syndicate.subscribers.signups import SignupRules

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def house(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("SYNDICATE_SECRET", "a secret of the tests")
    (tmp_path / "articles").mkdir()
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    opened = open_house(tmp_path / "config.toml")
    opened.database.close()
    return replace(opened, database=database)


def asking(email: str = "ayse@example.org", *newsletters: str, **more: Any) -> Asking:
    values: dict[str, Any] = {
        "email": email,
        "languages": ("tr", "en"),
        "newsletters": newsletters or ("weekly",),
        "name": "Ayşe",
        "timezone": "Europe/Istanbul",
        "language": "tr",
        "words": "Haftalık bülteni istiyorum.",
        "page": "/tr/subscribe",
        "address": "192.0.2.77",
    }
    return Asking(**(values | more))


def lines(house: House) -> list[Signup]:
    with house.database.read() as connection:
        numbers = connection.execute(select(table.c.id).order_by(table.c.id)).scalars().all()
        return [one for n in numbers if (one := signups.get(connection, n))]


def at(moment: datetime) -> Any:
    return lambda: moment


@dataclass
class Carrier:
    """Says to each letter what it is told; ``sent`` has (number, recipient, message)."""

    says: list[Outcome] = field(default_factory=list)
    sent: list[tuple[int, str, bytes]] = field(default_factory=list)
    proven: dict[int, Outcome] = field(default_factory=dict)
    name: str = "test"
    takes: str = "messages"
    lanes: int = 4
    is_away: bool = False

    def carry(self, desk: Any) -> None:
        if self.is_away:
            raise CarrierError("mail.example.org: no connection")
        while taken := desk.take():
            (item,) = taken
            if not desk.mark((item.delivery,)):
                continue
            self.sent.append((item.delivery, item.recipient, item.message))
            desk.settle(item.delivery, self.says.pop(0) if self.says else Outcome(DeliveryState.ACCEPTED))

    def proof(self, number: int) -> Outcome | None:
        return self.proven.get(number)


def with_carrier(house: House, carrier: Carrier) -> House:
    @contextmanager
    def opened() -> Iterator[Carrier]:
        yield carrier

    return replace(house, post=opened)


def link(message: bytes) -> str:
    body = message_from_bytes(message, policy=policy.default).get_body(("plain",))
    assert body is not None
    (found,) = [line for line in body.get_content().splitlines() if "/c/" in line or "/p/" in line]
    return str(found).rpartition("/")[2]


def walked(house: House, given: Asking, now: datetime = NOW) -> str:
    """Asked and mailed; the token of the link."""
    carrier = Carrier()
    assert sign_up.ask(house, given, now) is Taken.TAKEN
    deliver_post(with_carrier(house, carrier), at(now))
    return link(carrier.sent[-1][2])


def test_who_asks_and_confirms_is_subscribed_and_the_consent_is_on_record(house: House) -> None:
    token = walked(house, asking("Ayse+x@Example.org"))
    open_one = sign_up.pending(house, token, NOW)
    assert (open_one.state, open_one.email, open_one.subscriber) == ("open", "Ayse+x@example.org", 0)
    done = sign_up.confirm(house, token, "2001:db8:1:2::3", NOW + HOUR)
    assert (done.state, done.newsletters, done.languages) == ("confirmed", ("weekly",), ("tr", "en"))
    held = subscribe.held(house, done.subscriber)
    one = held.subscriber
    assert (one.status, one.name, one.timezone) == (SubscriberStatus.ACTIVE, "Ayşe", "Europe/Istanbul")
    assert (one.subscriptions, one.consent_at) == ((Subscription("weekly"),), NOW + HOUR)
    assert [(c.what, c.newsletter, c.source) for c in held.consent] == [
        ("subscribed", "weekly", "sign-up"),
        ("confirmed", "", "sign-up"),
    ]
    for note in held.consent:
        assert note.words == "Haftalık bülteni istiyorum."
        assert note.origin == (
            "/tr/subscribe from 192.0.2.0/24 at 2026-06-01T08:00:00Z, confirmed from 2001:db8:1::/48"
        )
    assert sign_up.pending(house, token, NOW + 99 * DAY) == done
    assert sign_up.confirm(house, token, "", NOW + 2 * HOUR) == done
    assert subscribe.held(house, done.subscriber) == held


def test_an_old_link_brings_nobody_back(house: House) -> None:
    token = walked(house, asking())
    person_id = sign_up.confirm(house, token, "", NOW).subscriber
    assert subscribe.unsubscribe(house.database, person_id, "weekly", "one-click", NOW + HOUR)
    assert sign_up.confirm(house, token, "", NOW + HOUR).state == "confirmed"
    assert subscribe.held(house, person_id).subscriber.subscriptions == ()
    assert subscribe.erase_reader(house, person_id, NOW + HOUR)
    assert sign_up.confirm(house, token, "", NOW + HOUR).state == "expired"
    with pytest.raises(NotFound):
        subscribe.held(house, person_id)


def test_a_link_expires_and_looking_changes_nothing(house: House) -> None:
    token = walked(house, asking())
    before = lines(house)
    end = NOW + house.signup.expires
    assert sign_up.pending(house, token, end - timedelta(seconds=1)).state == "open"
    assert sign_up.pending(house, token, end).state == "expired"
    assert sign_up.confirm(house, token, "", end).state == "expired"
    assert lines(house) == before
    with house.database.read() as connection:
        assert list(people(connection, Chosen())) == []
    for wrong in ("", "x" * 28, house.tokens.ticket("other", 1), house.tokens.make("confirm", 1, "weekly")):
        with pytest.raises(UnsafeValue):
            sign_up.pending(house, wrong, NOW)
        with pytest.raises(UnsafeValue):
            sign_up.confirm(house, wrong, "", NOW)


def statements(house: House, given: Asking) -> list[str]:
    said: list[str] = []

    def hear(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(house.database.engine, "before_cursor_execute", hear)
    try:
        assert sign_up.ask(house, given, NOW) is Taken.TAKEN
    finally:
        event.remove(house.database.engine, "before_cursor_execute", hear)
    return said


def test_the_same_is_done_for_whomever_we_know(house: House) -> None:
    """What is not looked up cannot be told from the answer, nor from how long it takes."""
    with house.database.begin() as connection:
        for name, status in (("known", "active"), ("left", "unsubscribed"), ("never", "suppressed")):
            subscribers.save(connection, person(name, status=SubscriberStatus(status)), NOW)
        for reason in ("complained", "erased"):
            subscribers.suppress(connection, address_hash(house.key, f"{reason}@example.org"), reason, NOW)
    said = [
        statements(house, asking(f"{who}@example.org"))
        for who in ("stranger", "known", "left", "never", "complained", "erased", "known")
    ]
    assert all(one == said[0] for one in said)
    assert not any("subscriber" in statement or "suppression" in statement for statement in said[0])
    assert {(one.state, one.reason, one.attempts) for one in lines(house)} == {("asked", "", 0)}


def test_a_trap_is_answered_like_everybody_and_kept_nowhere(house: House) -> None:
    assert sign_up.ask(house, asking("no address", trap="https://spam.example"), NOW) is Taken.TAKEN
    assert lines(house) == []


def test_what_cannot_be_mailed_is_refused_before_anything_is_kept(house: House) -> None:
    for wrong in (
        asking("ünal@example.org"),
        asking("nobody"),
        asking("a@example.org", "nothing"),
        asking(languages=("zh",)),
        asking(cadence="daily"),
        asking(timezone="Nowhere/At All"),
    ):
        with pytest.raises(UnsafeValue):
            sign_up.ask(house, wrong, NOW)
    assert lines(house) == []


def test_limits_hold_when_many_ask_at_once(house: House) -> None:
    ruled = replace(house, signup=SignupRules(per_network=5, in_all=12))
    answers: list[Taken] = []

    def ask(n: int) -> None:
        given = asking(f"p{n}@example.org", address=f"10.0.{n % 4}.{n}")
        answers.append(sign_up.ask(ruled, given, NOW))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(28)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert Counter(answers)[Taken.TAKEN] == 12 == len(lines(house))
    assert max(Counter(one.network for one in lines(house)).values()) <= 5
    assert sign_up.ask(ruled, asking(address="10.9.9.9"), NOW) is Taken.BUSY
    assert sign_up.ask(ruled, asking(address="10.9.9.9"), NOW + HOUR) is Taken.TAKEN
    for _ in range(4):
        assert sign_up.ask(ruled, asking(address="10.9.9.1"), NOW + HOUR) is Taken.TAKEN
    assert sign_up.ask(ruled, asking(address="10.9.9.2"), NOW + HOUR) is Taken.NETWORK_LIMIT


def test_a_victim_of_list_bombing_gets_one_mail(house: House) -> None:
    """Ten thousand requests of which no limit has stopped any, and more all day (two of these come too soon)."""
    carrier = Carrier()
    posted = with_carrier(house, carrier)
    sign_up.ask(house, asking("Victim@Example.org"), NOW)
    with house.database.begin() as connection:
        (row,) = connection.execute(select(table)).mappings()
        bare = {name: value for name, value in row.items() if name != "id"}
        connection.execute(table.insert(), [bare | {"network": f"10.{n}.0.0/24"} for n in range(10_000)])
    for hours in range(24):
        deliver_post(posted, at(NOW + hours * HOUR))
        for spelled in ("victim@example.ORG", "VICTIM@example.org"):
            sign_up.ask(house, asking(spelled), NOW + hours * HOUR)
    assert [who for _, who, _ in carrier.sent] == ["Victim@example.org"]
    deliver_post(posted, at(NOW + DAY + timedelta(seconds=1)))
    assert len(carrier.sent) == 2, "a day later"
    with house.database.read() as connection:
        query = select(table.c.state, table.c.reason, func.count()).group_by(table.c.state, table.c.reason)
        found = {tuple(row) for row in connection.execute(query)}
    assert found == {("mailed", "confirm", 2), ("dropped", "mailed within a day", 10_045)}


def test_two_postmen_at_once_mail_each_once(house: House) -> None:
    people = [f"p{n}@example.org" for n in range(40)]
    roomy = replace(house, signup=SignupRules(per_network=1000, in_all=1000))
    for email in (*people, *people):
        sign_up.ask(roomy, asking(email), NOW)
    carriers = [Carrier() for _ in range(4)]
    started = threading.Barrier(4)

    def post(carrier: Carrier) -> None:
        started.wait()
        deliver_post(with_carrier(roomy, carrier), at(NOW))

    threads = [threading.Thread(target=post, args=(one,)) for one in carriers]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    mailed = Counter(who for carrier in carriers for _, who, _ in carrier.sent)
    assert mailed == Counter(people)
    assert Counter(one.state for one in lines(house)) == {SignupState.MAILED: 40, SignupState.DROPPED: 40}


def test_a_dead_postmans_letters_are_taken_again_after_a_lease(house: House, tmp_path: Path) -> None:
    class Death(BaseException):
        pass

    class Dying(Carrier):
        def carry(self, desk: Any) -> None:
            (item,) = desk.take()
            desk.mark((item.delivery,))
            # What a process that is killed does not do.
            desk.close = lambda: None
            raise Death

    sign_up.ask(house, asking(), NOW)
    with pytest.raises(Death):
        deliver_post(with_carrier(house, Dying()), at(NOW))
    carrier = Carrier()
    deliver_post(with_carrier(house, carrier), at(NOW + LEASE - timedelta(seconds=1)))
    assert carrier.sent == []
    deliver_post(with_carrier(house, carrier), at(NOW + LEASE))
    assert [number for number, _, _ in carrier.sent] == [-1]


def test_what_a_dead_postman_certainly_handed_over_is_not_handed_over_again(
    house: House, tmp_path: Path
) -> None:
    sign_up.ask(house, asking(), NOW)
    (one,) = lines(house)
    with house.database.begin() as connection:
        assert signups.hold(connection, one, NOW, NOW + LEASE)
    carrier = Carrier(proven={-one.id: Outcome(DeliveryState.ACCEPTED)})
    report = deliver_post(with_carrier(house, carrier), at(NOW + LEASE))
    assert (carrier.sent, report.mailed, lines(house)[0].state) == ([], 1, SignupState.MAILED)


def test_a_slow_postman_whose_letter_was_taken_by_another_hands_nothing_over(house: House) -> None:
    quick, now = Carrier(), [NOW]

    class Slow(Carrier):
        def carry(self, desk: Any) -> None:
            (item,) = desk.take()
            now[0] = NOW + LEASE
            deliver_post(with_carrier(house, quick), at(now[0]))
            assert desk.mark((item.delivery,)) == frozenset()

    sign_up.ask(house, asking(), NOW)
    deliver_post(with_carrier(house, Slow()), lambda: now[0])
    assert len(quick.sent) == 1


def test_who_is_erased_or_confirms_meanwhile_is_not_mailed(house: House) -> None:
    class Meanwhile(Carrier):
        def carry(self, desk: Any) -> None:
            (item,) = desk.take()
            subscribe.erase(house.database, "ayse@example.org", house.key, NOW)
            assert desk.mark((item.delivery,)) == frozenset()

    sign_up.ask(house, asking(), NOW)
    report = deliver_post(with_carrier(house, Meanwhile()), at(NOW))
    assert (report.mailed, lines(house)) == (0, [])


@pytest.mark.parametrize(
    ("outcome", "is_again"),
    [
        (Outcome(DeliveryState.FAILED, "RCPT: 450 4.2.0 greylisted", retry=True), True),
        (Outcome(DeliveryState.UNSURE, "no reply after the message"), True),
        (Outcome(DeliveryState.REFUSED, "RCPT: 550 5.1.1 no such user"), False),
    ],
)
def test_a_hand_over_that_failed_is_tried_again_five_times(
    house: House, outcome: Outcome, is_again: bool
) -> None:
    carrier, now = Carrier(says=[outcome] * 9), NOW
    posted = with_carrier(house, carrier)
    sign_up.ask(house, asking(), NOW)
    for _ in range(9):
        deliver_post(posted, at(now))
        now += HOUR
    assert len(carrier.sent) == (5 if is_again else 1)
    assert len({message_from_bytes(raw)["Message-ID"] for _, _, raw in carrier.sent}) == 1
    (one,) = lines(house)
    assert one.state is SignupState.DROPPED
    assert outcome.detail in one.reason
    assert sign_up.confirm(house, link(carrier.sent[0][2]), "", NOW + HOUR).state == "confirmed", (
        "it did arrive"
    )


def test_one_that_waits_to_be_tried_again_holds_up_the_next_only_when_in_doubt(house: House) -> None:
    for says, mails in ((DeliveryState.FAILED, 2), (DeliveryState.UNSURE, 1)):
        email = f"{says}@example.org"
        carrier = Carrier(says=[Outcome(says, "451 later", retry=says is DeliveryState.FAILED)])
        posted = with_carrier(house, carrier)
        sign_up.ask(house, asking(email), NOW)
        deliver_post(posted, at(NOW))
        sign_up.ask(house, asking(email), NOW)
        deliver_post(posted, at(NOW))
        assert len(carrier.sent) == mails
        deliver_post(posted, at(NOW + HOUR))
        assert len(carrier.sent) == 2, "of one address, one certainly taken"


def test_a_carrier_that_is_away_costs_no_try(house: House) -> None:
    carrier, now = Carrier(is_away=True), NOW
    posted = with_carrier(house, carrier)
    sign_up.ask(house, asking(), NOW)
    for _ in range(20):
        report = deliver_post(posted, at(now))
        assert report.problems == ["mail.example.org: no connection"]
        now += HOUR
    carrier.is_away = False
    assert deliver_post(posted, at(now)).mailed == 1


def test_who_has_it_all_is_told_so_with_a_link_to_their_preferences(house: House) -> None:
    with house.database.begin() as connection:
        known = subscribers.save(connection, person("ayse"), NOW)
    token = walked(house, asking("AYSE@example.org"))
    assert house.tokens.read("preferences", token, list(house.newsletters)).subscriber == known
    assert lines(house)[0].reason == "already"
    more = walked(house, asking("ayse@example.org", "weekly", "water"), NOW + 2 * DAY)
    done = sign_up.confirm(house, more, "", NOW + 2 * DAY)
    assert done.subscriber == known
    held = subscribe.held(house, known).subscriber
    assert [one.newsletter for one in held.subscriptions] == ["water", "weekly"]
    assert held.email == "ayse@Example.org", "as it was given first"


def test_only_a_complaint_is_for_ever(house: House) -> None:
    for reason in ("erased", "bounced", "unsubscribed", "complained", "list"):
        address = f"{reason}@example.org"
        hashed = address_hash(house.key, address)
        with house.database.begin() as connection:
            if reason == "erased":
                subscribers.suppress(connection, hashed, reason, NOW)
            else:
                known = subscribers.save(connection, person(reason), NOW)
                subscribers.suppress_person(connection, known, hashed, reason, NOW)
        carrier = Carrier()
        sign_up.ask(house, asking(address, "water"), NOW)
        report = deliver_post(with_carrier(house, carrier), at(NOW))
        if reason in ("complained", "list"):
            assert (carrier.sent, dict(report.dropped)) == ([], {f"not to be mailed: {reason}": 1})
            continue
        done = sign_up.confirm(house, link(carrier.sent[0][2]), "", NOW)
        assert done.state == "confirmed"
        held = subscribe.held(house, done.subscriber)
        assert (held.subscriber.status, held.suppressed) == (SubscriberStatus.ACTIVE, "")


def test_a_complaint_after_the_mail_closes_its_link(house: House) -> None:
    token = walked(house, asking())
    with house.database.begin() as connection:
        hashed = address_hash(house.key, "ayse@example.org")
        subscribers.suppress(connection, hashed, "erased", NOW)
        subscribers.suppress(connection, hashed, "complained", NOW)
    assert sign_up.confirm(house, token, "", NOW).state == "expired"
    with house.database.read() as connection:
        assert subscribers.by_canonical(connection, "ayse@example.org") is None
        assert subscribers.suppressed(connection, hashed) == "complained"


def test_what_is_long_over_is_removed_and_the_record_of_consent_stays(house: House) -> None:
    confirmed = sign_up.confirm(house, walked(house, asking()), "", NOW)
    walked(house, asking("other@example.org"), NOW + DAY)
    end = NOW + house.signup.expires + 30 * DAY
    assert deliver_post(house, at(end)).pruned == 0
    assert deliver_post(house, at(end + HOUR)).pruned == 1
    assert [one.email for one in lines(house)] == ["other@example.org"]
    held = subscribe.held(house, confirmed.subscriber)
    assert {one.words for one in held.consent} == {"Haftalık bülteni istiyorum."}


def test_everything_held_is_shown_and_erased(house: House) -> None:
    sign_up.ask(house, asking(), NOW)
    asked = subscribe.held_about(house, "AYSE@example.org")
    assert (asked.subscriber.status, asked.subscriber.id) == (SubscriberStatus.PENDING, 0)
    assert [one.words for one in asked.signups] == ["Haftalık bülteni istiyorum."]
    subscribe.erase(house.database, "ayse@example.org", house.key, NOW)
    assert lines(house) == []
    for email in ("ayse@example.org", "nobody@example.org"):
        with pytest.raises(NotFound):
            subscribe.held_about(house, email)
        with pytest.raises(NotFound):
            subscribe.erase(house.database, email, house.key, NOW)
    done = sign_up.confirm(house, walked(house, asking()), "", NOW)
    sign_up.ask(house, asking(), NOW)
    assert len(subscribe.held(house, done.subscriber).signups) == 2
    assert subscribe.erase_reader(house, done.subscriber, NOW)
    assert not subscribe.erase_reader(house, done.subscriber, NOW)
    assert lines(house) == []


def test_preferences_are_changed_with_a_history(house: House) -> None:
    with house.database.begin() as connection:
        one = subscribers.save(connection, person("ayse"), NOW)
        subscribers.note(connection, one, "subscribed", "weekly", "form", NOW)
    wanted = Preferences("A.\nB", ("en", "ar"), "Asia/Almaty", {"water": "monthly"})
    changed = subscribe.change(house.database, one, wanted, "/p from 192.0.2.0/24", NOW + HOUR)
    assert changed is not None
    assert (changed.name, changed.languages, changed.timezone) == ("A. B", ("en", "ar"), "Asia/Almaty")
    assert changed.subscriptions == (Subscription("water", "monthly"),)
    assert [(c.what, c.newsletter, c.words, c.origin) for c in subscribe.held(house, one).consent[1:]] == [
        ("changed", "", "active; en ar; Asia/Almaty", "/p from 192.0.2.0/24"),
        ("unsubscribed", "weekly", "", "/p from 192.0.2.0/24"),
        ("subscribed", "water", "", "/p from 192.0.2.0/24"),
    ]
    length = len(subscribe.held(house, one).consent)
    assert (
        subscribe.change(house.database, one, replace(wanted, newsletters={"water": ""}), "", NOW) is not None
    )
    assert subscribe.held(house, one).subscriber.subscriptions == (Subscription("water"),)
    assert len(subscribe.held(house, one).consent) == length
    for wrong in (replace(wanted, languages=()), replace(wanted, timezone="Nowhere")):
        with pytest.raises(UnsafeValue):
            subscribe.change(house.database, one, wrong, "", NOW)
    assert subscribe.change(house.database, 99, wanted, "", NOW) is None


def test_a_reason_is_kept_and_takes_nothing_back(house: House) -> None:
    with house.database.begin() as connection:
        one = subscribers.save(connection, person("ayse"), NOW)
    subscribe.unsubscribe(house.database, one, "weekly", "page", NOW)
    subscribe.tell_reason(house.database, one, "weekly", "too\nmuch \u202e" + "x" * 900, NOW)
    subscribe.tell_reason(house.database, one, "weekly", " \n ", NOW)
    subscribe.tell_reason(house.database, 99, "weekly", "gone", NOW)
    *_, left, told = subscribe.held(house, one).consent
    assert (left.what, told.what, told.words) == ("unsubscribed", "reason", "too much " + "x" * 491)
    standing = subscribe.standing(house.database, one)
    assert standing is not None
    assert standing.may_return("weekly")


def test_the_outbox_names_letters_apart_from_deliveries(house: House, tmp_path: Path) -> None:
    sign_up.ask(house, asking(), NOW)
    with Outbox(tmp_path / "out") as outbox:
        deliver_post(with_carrier(house, outbox), at(NOW))  # type: ignore[arg-type]
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["confirm-0000001.eml"]
        proof = outbox.proof(-1)
        assert proof is not None
        assert proof.state is DeliveryState.ACCEPTED
        assert outbox.proof(1) != proof


def test_one_letter_that_cannot_be_written_stops_no_other(house: House) -> None:
    carrier = Carrier()
    for email in ("=?x@example.org", "ayse@example.org"):
        sign_up.ask(house, asking(email), NOW)
    report = deliver_post(with_carrier(house, carrier), at(NOW))
    assert [who for _, who, _ in carrier.sent] == ["ayse@example.org"]
    assert sum(report.dropped.values()) == 1
    assert not any("@" in reason for reason in report.dropped)
