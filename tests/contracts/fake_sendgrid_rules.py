"""What SendGrid publishes that it refuses in ``/v3/mail/send``, as 400s. Written from its documents, not from ours.

"Mail Send: limitations", "Mail Send: errors", "Personalizations", "Cancel scheduled sends". It proves our requests
against published rules, not against SendGrid.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Refusal = dict[str, Any]

ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
RESERVED = (
    "x-sg-id x-sg-eid received dkim-signature content-type content-transfer-encoding "
    "to from subject reply-to cc bcc"
)
TOP = (
    "personalizations from reply_to reply_to_list subject content attachments template_id headers categories "
    "custom_args send_at batch_id asm ip_pool_name mail_settings tracking_settings sections"
)
PERSONAL = "to cc bcc from subject headers substitutions dynamic_template_data custom_args send_at"


def refusals(body: Any, now: float, batches: set[str], *, unicode_from: bool = False) -> list[Refusal]:
    """Everything that is wrong with a request, as the API lists it."""
    if not isinstance(body, dict):
        return [_refusal("Bad Request", None)]
    found = [
        *_top(body, unicode_from),
        *_people(body),
        *_letter(body),
        *_asked(body),
        *_schedule(body, now, batches),
    ]
    return [_refusal(message, field) for message, field in found]


def _refusal(message: str, field: str | None) -> Refusal:
    return {"message": message, "field": field, "help": None}


Complaints = Iterator[tuple[str, str | None]]


def _top(body: dict[str, Any], unicode_from: bool) -> Complaints:
    for name in body.keys() - set(TOP.split()):
        yield "Bad Request", name
    sender = body.get("from")
    if not isinstance(sender, dict):
        yield "The from object must be provided for every email send.", "from.email"
        return
    yield from _address(sender, "from")
    if not unicode_from and not str(sender.get("name", "")).isascii():
        yield "Unicode encoding is not supported for the from field.", "from.name"
    if "reply_to" in body:
        yield from _address(body["reply_to"], "reply_to")


def _people(body: dict[str, Any]) -> Complaints:
    people = body.get("personalizations")
    if not isinstance(people, list) or not people:
        yield (
            "The personalizations field is required and must have at least one personalization.",
            "personalizations",
        )
        return
    if len(people) > 1000:
        yield (
            f"The personalization block is limited to 1000. You have provided {len(people)}.",
            "personalizations",
        )
    if sum(len(_recipients(one)) for one in people) > 1000:
        yield "There is a limit of 1000 total recipients (to + cc + bcc) per request.", "personalizations"
    yield from _repeats(people)
    for place, one in enumerate(people):
        yield from _person(one, f"personalizations.{place}", body.get("custom_args", {}))


def _recipients(one: Any) -> list[Any]:
    lists = [one.get(name) for name in ("to", "cc", "bcc")] if isinstance(one, dict) else []
    return [recipient for given in lists if isinstance(given, list) for recipient in given]


def _repeats(people: list[Any]) -> Complaints:
    seen: set[str] = set()
    for one in people:
        for recipient in _recipients(one):
            email = str(recipient.get("email", "")).lower() if isinstance(recipient, dict) else ""
            if email in seen:
                yield (
                    f"Each email address should be unique. We found a duplicate of [{email}].",
                    "personalizations",
                )
            seen.add(email)


def _person(one: Any, where: str, shared_args: Any) -> Complaints:
    if not isinstance(one, dict) or one.keys() - set(PERSONAL.split()):
        yield "Bad Request", where
        return
    if not one.get("to") or not isinstance(one["to"], list):
        yield "The to array is required for all personalization objects.", f"{where}.to"
    for name in ("to", "cc", "bcc"):
        for place, recipient in enumerate(one.get(name) or []):
            yield from _address(recipient, f"{where}.{name}.{place}")
            if re.search("[;,]", str(recipient.get("name", "")) if isinstance(recipient, dict) else ""):
                yield "The name may not contain ; or ,", f"{where}.{name}.{place}.name"
    yield from _texts(one.get("substitutions", {}), f"{where}.substitutions", 10_000, empty=True)
    yield from _args(one.get("custom_args", {}), shared_args, f"{where}.custom_args")
    yield from _headers(one.get("headers", {}), f"{where}.headers")
    if "subject" in one and not one["subject"]:
        yield "The subject must be at least one character.", f"{where}.subject"


def _address(given: Any, where: str) -> Complaints:
    email = given.get("email") if isinstance(given, dict) else None
    if not isinstance(email, str) or len(email) > 320 or not email.isascii() or not ADDRESS.fullmatch(email):
        yield f"Does not contain a valid address: {email}", f"{where}.email"
    elif not isinstance(given.get("name", ""), str):
        yield "The name must be a string.", f"{where}.name"


def _texts(given: Any, where: str, most: int, *, empty: bool) -> Complaints:
    if not isinstance(given, dict) or not all(isinstance(one, str) for pair in given.items() for one in pair):
        yield "Must be an object of strings.", where
    elif sum(len((key + value).encode()) for key, value in given.items()) > most:
        yield f"The total size may not exceed {most} bytes.", where
    elif not all(key and (value or empty) for key, value in given.items()):
        yield "May not be empty.", where


def _args(own: Any, shared: Any, where: str) -> Complaints:
    if isinstance(own, dict) and isinstance(shared, dict):
        yield from _texts({**shared, **own}, where, 10_000, empty=False)
        for name in ("email", "event"):
            if name in own or name in shared:
                yield f"{name} is overwritten by the event's own", where
    else:
        yield "Must be an object of strings.", where


def _headers(given: Any, where: str) -> Complaints:
    yield from _texts(given, where, 1_000_000, empty=True)
    for name, value in given.items() if isinstance(given, Mapping) else ():
        if str(name).lower() in RESERVED.split():
            yield f"The header {name} is reserved.", f"{where}.{name}"
        if not str(name).isascii() or re.search(r"[\r\n]", f"{name}{value}"):
            yield "Headers must be a single line with a name in ASCII.", f"{where}.{name}"


def _letter(body: dict[str, Any]) -> Complaints:
    subject = body.get("subject")
    if not isinstance(subject, str) or not subject or re.search(r"[\r\n]", subject):
        yield "The subject is required, one line.", "subject"
    content = body.get("content")
    if not isinstance(content, list) or not content:
        yield "Unless a valid template_id is provided, the content parameter is required.", "content"
        return
    for place, part in enumerate(content):
        if not isinstance(part, dict) or not part.get("value") or not isinstance(part.get("value"), str):
            yield (
                "The content value must be a string at least one character in length.",
                f"content.{place}.value",
            )
    kinds = [part.get("type") for part in content if isinstance(part, dict)]
    if kinds not in (["text/plain"], ["text/html"], ["text/plain", "text/html"]):
        yield "text/plain and text/html must come first, in this order.", "content"
    yield from _headers(body.get("headers", {}), "headers")


def _asked(body: dict[str, Any]) -> Complaints:
    categories = body.get("categories", [])
    if not isinstance(categories, list) or len(categories) > 10 or len(set(categories)) != len(categories):
        yield "At most 10 different categories.", "categories"
    elif not all(isinstance(one, str) and 0 < len(one) <= 255 for one in categories):
        yield "A category is a string of at most 255 characters.", "categories"
    for group in ("mail_settings", "tracking_settings"):
        for name, setting in (body.get(group) or {}).items():
            if not isinstance(setting, dict) or not isinstance(setting.get("enable"), bool):
                yield "The enable parameter must be a boolean.", f"{group}.{name}.enable"
    asm = body.get("asm")
    if asm is not None and (
        not isinstance(asm.get("group_id"), int) or len(asm.get("groups_to_display", [])) > 25
    ):
        yield "asm needs a group_id, and shows at most 25 groups.", "asm"


def _schedule(body: dict[str, Any], now: float, batches: set[str]) -> Complaints:
    send_at = body.get("send_at")
    if send_at is not None and (not isinstance(send_at, int) or not now <= send_at <= now + 72 * 3600):
        yield "send_at must be Unix seconds, at most 72 hours ahead.", "send_at"
    if "batch_id" in body and body["batch_id"] not in batches:
        yield "The batch_id is not valid.", "batch_id"
