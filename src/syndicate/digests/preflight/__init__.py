"""Preflight: what a careful sender looks at before a mail goes out, judged. Values in, findings out.

Sheet (an edition as it would go) --of_mails--> findings      Asked (what the network said) --of_asked--> findings
                                        findings --results--> one Result a check --sentence, advice--> words
"""

from syndicate.digests.preflight.asked import Asked, Score, kept, read
from syndicate.digests.preflight.domain import Domain, names
from syndicate.digests.preflight.findings import Check, Finding, Level, Result, results, stopping
from syndicate.digests.preflight.mail import Sheet, links, of_mail, of_mails
from syndicate.digests.preflight.network import of_asked
from syndicate.digests.preflight.words import advice, sentence, title

__all__ = [
    "Asked",
    "Check",
    "Domain",
    "Finding",
    "Level",
    "Result",
    "Score",
    "Sheet",
    "advice",
    "kept",
    "links",
    "names",
    "of_asked",
    "of_mail",
    "of_mails",
    "read",
    "results",
    "sentence",
    "stopping",
    "title",
]
