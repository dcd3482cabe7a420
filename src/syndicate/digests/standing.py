"""What every message of an edition says in its head: who it is from, and which list it belongs to."""

import re
from collections.abc import Iterator

from syndicate.digests.content import Sender
from syndicate.digests.people import checked, uri
from syndicate.digests.view import site_name
from syndicate.languages import slug
from syndicate.model import Newsletter, Site

_LIST_ID = re.compile(r"<[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+>")


def sender(
    newsletter: Newsletter, site: Site, language: str, email: str, reply_to: str = "", archive_url: str = ""
) -> Sender:
    """The sender of a newsletter in one language: List-Id and Feedback-ID follow from what never changes.

    The List-Id (RFC 2919) lies under the site's ``id_authority``; the display name is the site's, always
    the same for a language.
    """
    domain = site.id_authority.partition(",")[0].lower()
    key, tag = slug(newsletter.key)[:60], language.lower()
    house = (slug(domain).replace("-", "") + "syndicate")[:15]
    return Sender(
        name=site_name(site, language),
        email=email,
        list_id=f"<{tag}.{key}.{domain}>",
        feedback_id=f"{key}:{tag}:digest-{tag}:{house}",
        reply_to=reply_to,
        archive_url=archive_url,
    )


def list_id(sender: Sender) -> str:
    """The List-Id (RFC 2919, section 3). Raises UnsafeValue for what is none."""
    return checked("List-Id", sender.list_id, _LIST_ID)


def list_headers(sender: Sender) -> Iterator[tuple[str, str]]:
    """The headers that come after List-Unsubscribe and are the same for all, in order. Raises UnsafeValue."""
    yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    if sender.archive_url:
        yield "List-Archive", f"<{uri(sender.archive_url)}>"
    yield "Feedback-ID", sender.feedback_id
    yield "Precedence", "bulk"
    yield "Auto-Submitted", "auto-generated"
