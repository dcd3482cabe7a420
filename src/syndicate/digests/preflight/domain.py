"""The sending domain, as its TXT records have it: who may send for it (SPF), with which keys (DKIM), and what is to
become of the rest (DMARC). Large mailbox providers refuse bulk mail that has not all three."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from syndicate.digests.preflight.findings import Check, Finding, Level

Records = Mapping[str, tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class Domain:
    """``name`` is that of the From address, ``envelope`` that of the return path; ``keys`` are (domain, selector) of
    DKIM. ``is_real`` is false for a carrier that hands nothing to the network."""

    name: str
    envelope: str
    keys: tuple[tuple[str, str], ...] = ()
    is_real: bool = True


def names(domain: Domain) -> tuple[str, ...]:
    """Whose TXT records are wanted."""
    keys = (_key(one) for one in domain.keys)
    return tuple(dict.fromkeys((domain.envelope, *keys, *_policies(domain.name))))


def of_domain(domain: Domain, records: Records) -> Iterator[Finding]:
    """What is missing or wrong; nothing about a name that was not asked for."""
    if not domain.is_real:
        yield Finding(Check.DOMAIN, Level.OK, "folder")
        return
    silent = [name for name in names(domain) if name in records and records[name] is None]
    for name in silent:
        yield _finding(Level.NOTE, "no answer", name)
    yield from _spf(domain.envelope, records)
    yield from _dkim(domain, records)
    if not any(name in silent for name in _policies(domain.name)):
        yield from _dmarc(domain.name, records)


def _spf(name: str, records: Records) -> Iterator[Finding]:
    """RFC 7208: one record, no more (4.5), that does not let everybody (5.1)."""
    found = _of_kind(records.get(name), "v=spf1")
    if found is None:
        return
    if len(found) != 1:
        yield _finding(Level.STOP, "two SPF" if found else "no SPF", name)
    elif {"+all", "all"} & set(found[0].lower().split()):
        yield _finding(Level.NOTE, "open SPF", name)


def _dkim(domain: Domain, records: Records) -> Iterator[Finding]:
    """RFC 6376, 3.6.1: a record with a key; an empty one is a key that was taken back."""
    if not domain.keys:
        yield Finding(Check.DOMAIN, Level.NOTE, "no keys")
    for one in domain.keys:
        name = _key(one)
        if (found := records.get(name)) is None:
            continue
        if not any("p=" in record for record in found):
            yield _finding(Level.STOP, "no DKIM", name)
        elif all(_tags(record).get("p", "") == "" for record in found if "p=" in record):
            yield _finding(Level.STOP, "dead DKIM", name)


def _dmarc(name: str, records: Records) -> Iterator[Finding]:
    """RFC 7489, 6.6.3: of the domain itself, or of one above it."""
    places = [records[one] for one in _policies(name) if one in records]
    if places and not any(_of_kind(found, "v=dmarc1") for found in places):
        yield _finding(Level.STOP, "no DMARC", f"_dmarc.{name}")


def _policies(name: str) -> tuple[str, ...]:
    labels = name.split(".")
    return tuple("_dmarc." + ".".join(labels[n:]) for n in range(max(1, len(labels) - 1)))


def _key(key: tuple[str, str]) -> str:
    domain, selector = key
    return f"{selector}._domainkey.{domain}"


def _of_kind(found: Sequence[str] | None, version: str) -> list[str] | None:
    """Those of a version; None where nobody said, or nobody was asked."""
    if found is None:
        return None
    return [one for one in found if one.replace(";", " ").lower().split()[:1] == [version]]


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _finding(level: Level, code: str, name: str) -> Finding:
    return Finding(Check.DOMAIN, level, code, {"name": name})
