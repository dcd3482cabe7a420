"""The tables. A column that several modules read is explained where its table stands, once."""

from syndicate.store.tables.articles import article, author, bio, problem, source_item
from syndicate.store.tables.clock import duty, lease
from syndicate.store.tables.columns import Json, Moment, Serial, metadata, spelled
from syndicate.store.tables.desk import approval, draft, tally, tester
from syndicate.store.tables.issues import edition, edition_item, issue
from syndicate.store.tables.ledger import (
    claim,
    delivery,
    event,
    is_planned,
    is_unsure,
    ledger,
    received,
    volume,
)
from syndicate.store.tables.people import (
    consent_event,
    is_asked,
    signup,
    subscriber,
    subscriber_tag,
    subscription,
    suppression,
)
from syndicate.store.tables.public import feed_version, moved, ping, public_file, published_page
from syndicate.store.tables.staff import (
    answered,
    api_token,
    audit,
    sign_in_failure,
    staff,
    staff_link,
    staff_session,
)

__all__ = [
    "Json",
    "Moment",
    "Serial",
    "answered",
    "api_token",
    "approval",
    "article",
    "audit",
    "author",
    "bio",
    "claim",
    "consent_event",
    "delivery",
    "draft",
    "duty",
    "edition",
    "edition_item",
    "event",
    "feed_version",
    "is_asked",
    "is_planned",
    "is_unsure",
    "issue",
    "lease",
    "ledger",
    "metadata",
    "moved",
    "ping",
    "problem",
    "public_file",
    "published_page",
    "received",
    "sign_in_failure",
    "signup",
    "source_item",
    "spelled",
    "staff",
    "staff_link",
    "staff_session",
    "subscriber",
    "subscriber_tag",
    "subscription",
    "suppression",
    "tally",
    "tester",
    "volume",
]
