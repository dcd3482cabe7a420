"""What the domain name system says of a name: its TXT records, where senders are described (SPF, DKIM, DMARC)."""

from syndicate.model import CarrierError

SECONDS = 5.0


def txt_records(name: str, seconds: float = SECONDS) -> tuple[str, ...]:
    """The TXT records of ``name``, each in one piece (RFC 7208, 3.3); none where there are none, or no such name.

    Raises CarrierError when nobody can say.
    """
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=seconds, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError) as error:
        raise CarrierError(f"{name}: no answer from the name servers ({type(error).__name__})") from error
    return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer)
