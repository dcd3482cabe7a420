"""Which addresses may be connected to: public ones, each outlawed range named.

``ipaddress``'s own ``is_global`` calls several of these public (NAT64, 6to4, multicast), so the list is our own,
from the IANA special-purpose registries (RFC 6890 and its updates).
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_RANGES: dict[str, tuple[str, ...]] = {
    "an unspecified": ("0.0.0.0/8", "::/128"),
    "a loopback": ("127.0.0.0/8", "::1/128"),
    "a private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
    "a link-local": ("169.254.0.0/16", "fe80::/10"),
    "a carrier-grade NAT": ("100.64.0.0/10",),
    "a multicast": ("224.0.0.0/4", "ff00::/8"),
    "a documentation": ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
    "a benchmarking": ("198.18.0.0/15",),
    "a NAT64": ("64:ff9b::/96", "64:ff9b:1::/48"),
    "a 6to4": ("2002::/16", "192.88.99.0/24"),
    # Teredo, ORCHID, benchmarking and the rest of 2001::/23
    "a Teredo or other special": ("2001::/23", "192.0.0.0/24"),
    "an IPv4-mapped": ("::ffff:0:0/96", "::ffff:0:0:0/96", "::/96"),
    "a reserved": ("240.0.0.0/4",),
}
_DENIED: tuple[tuple[str, IPv4Network | IPv6Network], ...] = tuple(
    (kind, ip_network(text)) for kind, texts in _RANGES.items() for text in texts
)
# Of IPv6 only this is handed out as global unicast (RFC 4291, section 2.4; IANA).
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def why_denied(address: str) -> str:
    """What kind of address this is when it must not be connected to (``a loopback address``); else empty."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "no IP address"
    for kind, network in _DENIED:
        if ip.version == network.version and ip in network:
            return f"{kind} address"
    return "" if _is_unicast(ip) else "a reserved address"


def _is_unicast(ip: IPv4Address | IPv6Address) -> bool:
    return isinstance(ip, IPv4Address) or (ip in _GLOBAL_UNICAST and not ip.scope_id)


def is_allowed(host: str, port: int, allow_private: Iterable[str]) -> bool:
    """Whether the operator has named this very ``host:port`` (IPv6 in brackets) as one to trust."""
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}".lower() in {pair.strip().lower() for pair in allow_private}
