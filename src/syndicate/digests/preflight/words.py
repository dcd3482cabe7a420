"""The words for findings, in the language of whoever reads them. English is the key, as everywhere."""

from collections.abc import Mapping

from syndicate.digests.preflight.findings import Check, Finding
from syndicate.languages import capital, catalogue, isolate, name_in

SENTENCES: Mapping[str, tuple[str, str]] = {
    "placeholder": ("“{found}” stands in the mail.", ""),
    "no subject": ("There is no subject.", ""),
    "long subject": (
        "The subject is {n} letter long; mail programs show about 70.",
        "The subject is {n} letters long; mail programs show about 70.",
    ),
    "same subject": ("The subject is the same as in this language: {tongue}.", ""),
    "old subject": ("The last issue had the same subject.", ""),
    "no edition": ("There is no edition in this language.", ""),
    "borrowed": ("{n} story is told in another language.", "{n} stories are told in another language."),
    "no bio": ("{name} has no text about them in this language.", ""),
    "silent pictures": ("{n} picture has no description.", "{n} pictures have no description."),
    "weight": ("The largest mail has {kb} kB.", ""),
    "heavy": ("The mail has {kb} kB. Gmail hides what comes after 102.", ""),
    "no way out": ("The mail has no address for unsubscribing with one click (RFC 8058).", ""),
    "unsafe way out": ("Unsubscribing with one click needs an https address.", ""),
    "not asked": ("Not looked at yet.", ""),
    "links": ("{n} link answers.", "{n} links answer."),
    "dead link": ("{link} is not there: {reason}", ""),
    "doubtful link": ("{link} may not work: {reason}", ""),
    "new links": ("{n} link was not asked yet.", "{n} links were not asked yet."),
    "folder": ("Mail is kept in a folder: no domain is asked about it.", ""),
    "no answer": ("Nobody could say what the records of {name} are.", ""),
    "no SPF": ("{name} has no SPF record: it does not say who may send for it.", ""),
    "two SPF": ("{name} has more than one SPF record: then none counts.", ""),
    "open SPF": ("The SPF record of {name} lets everybody send for it.", ""),
    "no keys": ("Mail is not signed here (DKIM); see that your mail provider signs it.", ""),
    "no DKIM": ("{name} has no DKIM key: no signature can be checked.", ""),
    "dead DKIM": ("The DKIM key at {name} was taken back.", ""),
    "no DMARC": ("{name} has no DMARC record.", ""),
    "no filter": ("SpamAssassin is not installed here.", ""),
    "score": ("{points} of {limit} points that make a mail spam.", ""),
}
"""By code, for one and for more."""

TITLES: Mapping[Check, str] = {
    Check.PLACEHOLDERS: "Placeholders",
    Check.SUBJECTS: "Subjects",
    Check.LANGUAGES: "Languages and translations",
    Check.BIOS: "About the authors",
    Check.PICTURES: "Descriptions of pictures",
    Check.SIZE: "Size",
    Check.WAY_OUT: "Unsubscribing with one click",
    Check.LINKS: "Links",
    Check.DOMAIN: "Domain of the sender",
    Check.SPAM: "Spam filter",
}

ADVICE: Mapping[Check, str] = {
    Check.PLACEHOLDERS: "Mend it where it was written; then prepare the issue again.",
    Check.SUBJECTS: "Write a subject of your own when you prepare the issue.",
    Check.LANGUAGES: "Wait for the translations, or send without them.",
    Check.BIOS: "Write a few words about them in this language, where your authors are kept.",
    Check.PICTURES: "Describe what they show, for readers who cannot see them.",
    Check.SIZE: "Leave a story out, or let fewer be told in full.",
    Check.WAY_OUT: "Set site.public_url in config.toml to an https address, and look at your templates.",
    Check.LINKS: "Open them yourself. Mend wrong ones where they were written.",
    Check.DOMAIN: "Whoever keeps the domain adds what your mail provider asks for.",
    Check.SPAM: "Look at the rules that gave points.",
}
"""What to do when a check found something."""


def sentence(finding: Finding, language: str) -> str:
    """What was found, as plain text; what others wrote stands in it apart from the line's direction."""
    words, (one, many) = catalogue(language), SENTENCES[finding.code]
    values = {key: _value(key, value, language) for key, value in finding.values.items() if key != "n"}
    if many:
        return words.ngettext(one, many, int(finding.values["n"]), **values)
    return words.gettext(one, **values)


def title(check: Check, language: str) -> str:
    return catalogue(language).gettext(TITLES[check])


def advice(check: Check, language: str) -> str:
    return catalogue(language).gettext(ADVICE[check])


def _value(key: str, value: str | int, language: str) -> str:
    if key == "tongue":
        return capital(name_in(str(value), language), language)
    return isolate(str(value)) if isinstance(value, str) else str(value)
