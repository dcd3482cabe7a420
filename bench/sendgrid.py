"""The body of a SendGrid request: ours against the ``sendgrid`` package's helpers and json, the same content."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from sendgrid.helpers import mail

from bench import site
from syndicate.carriers.sendgrid import SendGridAccount
from syndicate.carriers.sendgrid.body import build, objection, without_repeats
from syndicate.model import Letter, Personal

PEOPLE, ROUNDS = 1000, 21
ACCOUNT = SendGridAccount(url="https://api.sendgrid.com", key="SG.bench")


def sendgrid_vs_helpers() -> dict[str, Any]:
    """CPU milliseconds for 1,000 personalizations, the median of 21 rounds, the two taking turns."""
    people = _people()
    first, second = orjson.loads(_ours(people)), orjson.loads(_helpers(people))
    second["personalizations"].reverse()  # the helpers turn them round
    assert first == second, "the two must say the same"
    ours, theirs = _take_turns(lambda: _ours(people), lambda: _helpers(people))
    size = len(_ours(people))
    return {
        "ratio": round(theirs / ours, 2),
        "ours": round(ours * 1000, 2),
        "against": round(theirs * 1000, 2),
        "unit": "CPU milliseconds a request",
        "what": f"the request of {PEOPLE} personalizations ({size / 1000:.0f} kB), every one checked against the "
        "published limits first, against sendgrid.helpers.mail and json.dumps of the same content, unchecked",
    }


def _take_turns(*tasks: Callable[[], object]) -> list[float]:
    taken: list[list[float]] = [[] for _ in tasks]
    for task in tasks:
        task()
    for _ in range(ROUNDS):
        for times, task in zip(taken, tasks, strict=True):
            began = time.process_time()
            task()
            times.append(time.process_time() - began)
    return [statistics.median(times) for times in taken]


def _ours(people: Sequence[Personal]) -> bytes:
    fit = [one for one in people if not objection(one)]
    (group,) = without_repeats(fit)
    return build(ACCOUNT, group)


def _helpers(people: Sequence[Personal]) -> bytes:
    letter = people[0].letter
    made = mail.Mail()
    made.from_email = mail.From(letter.from_address, letter.from_name)
    made.reply_to = mail.ReplyTo(letter.reply_to)
    made.subject = mail.Subject(letter.subject)
    made.content = [mail.Content("text/plain", letter.text), mail.Content("text/html", letter.html)]
    made.custom_arg = mail.CustomArg("edition", str(letter.edition))
    for name, value in letter.headers.items():
        made.header = mail.Header(name, value)
    made.tracking_settings = _tracking()
    for one in people:
        made.add_personalization(_personalization(one))
    return json.dumps(made.get()).encode()


def _tracking() -> Any:
    tracking = mail.TrackingSettings()
    tracking.click_tracking = mail.ClickTracking(False, False)
    tracking.open_tracking = mail.OpenTracking(False)
    tracking.subscription_tracking = mail.SubscriptionTracking(False)
    tracking.ganalytics = mail.Ganalytics(False)
    return tracking


def _personalization(one: Personal) -> Any:
    made = mail.Personalization()
    made.add_to(mail.To(one.recipient, one.name))
    for name, value in one.headers.items():
        made.add_header(mail.Header(name, value))
    for mark, value in one.values.items():
        made.add_substitution(mail.Substitution(mark, value))
    made.add_custom_arg(mail.CustomArg("delivery", str(one.delivery)))
    return made


def _people() -> list[Personal]:
    text = site.text("en", 1500, 1)
    letter = Letter(
        edition=7,
        language="en",
        from_name="The Newsroom",
        from_address="letters@news.example.org",
        reply_to="desk@news.example.org",
        subject="The river, and three more",
        text=text,
        html=f"<!doctype html><html lang='en'><body><p>{text}</p></body></html>" * 3,
        headers={
            "List-Id": "Weekly <en.weekly.news.example.org>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Feedback-ID": "weekly:en:digest:newsroom",
        },
    )
    return [_person(number, letter) for number in range(1, PEOPLE + 1)]


def _person(number: int, letter: Letter) -> Personal:
    token = f"{number:06d}AbCdEfGhIjKlMnOpQrStUvWxYz"
    leave = f"https://news.example.org/u/{token}"
    return Personal(
        delivery=number,
        letter=letter,
        recipient=f"reader.number{number}@mail{number % 50}.example.net",
        name=f"Ayşe Reader {number}",
        values={
            "[%name%]": f"Ayşe {number}",
            "[%leave%]": leave,
            "[%choose%]": f"https://news.example.org/p/{token}",
        },
        headers={
            "List-Unsubscribe": f"<{leave}>, <mailto:leave@news.example.org?subject={token}>",
            "Message-ID": f"<{token}@news.example.org>",
        },
    )
