"""What the network said about an issue, judged: links, the sending domain, the spam filter."""

from collections.abc import Iterator, Sequence

from syndicate.digests.preflight.asked import Asked
from syndicate.digests.preflight.domain import Domain, of_domain
from syndicate.digests.preflight.findings import Check, Finding, Level

GONE = ("answered HTTP 404", "answered HTTP 410", "cannot be resolved")
"""Words of ``sources.fetch`` for what is certainly not there; others may only have been busy, or shy of programs."""

SUSPECT = 0.6
"""Of the points that make a mail spam."""


def of_asked(asked: Asked | None, wanted: Sequence[str], domain: Domain) -> Iterator[Finding]:
    """``wanted`` are the links there are now; None for ``asked``: nobody has asked yet."""
    if asked is None:
        checks = [Check.LINKS, Check.SPAM, *([Check.DOMAIN] if domain.is_real else [])]
        yield from (Finding(check, Level.UNKNOWN, "not asked") for check in checks)
        yield from () if domain.is_real else of_domain(domain, {})
        return
    yield from _of_links(asked, wanted)
    yield from of_domain(domain, asked.records)
    yield from _of_spam(asked)


def _of_links(asked: Asked, wanted: Sequence[str]) -> Iterator[Finding]:
    for url in wanted:
        if reason := asked.links.get(url):
            is_gone = reason.endswith(GONE)
            level, code = (Level.STOP, "dead link") if is_gone else (Level.NOTE, "doubtful link")
            yield Finding(Check.LINKS, level, code, {"link": url, "reason": reason})
    if new := sum(url not in asked.links for url in wanted):
        yield Finding(Check.LINKS, Level.UNKNOWN, "new links", {"n": new})
    good = sum(asked.links.get(url) == "" for url in wanted)
    yield Finding(Check.LINKS, Level.OK, "links", {"n": good})


def _of_spam(asked: Asked) -> Iterator[Finding]:
    if not asked.has_spam_filter:
        yield Finding(Check.SPAM, Level.UNKNOWN, "no filter")
    for language, score in asked.scores.items():
        level = Level.OK
        if score.points >= score.limit:
            level = Level.STOP
        elif score.points >= SUSPECT * score.limit:
            level = Level.NOTE
        values = {"points": f"{score.points:g}", "limit": f"{score.limit:g}", "rules": " ".join(score.rules)}
        yield Finding(Check.SPAM, level, "score", values, language)
