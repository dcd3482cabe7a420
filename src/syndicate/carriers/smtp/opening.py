"""Making a connection ready: greeting, EHLO, TLS (RFC 3207), login (RFC 4954)."""

import base64
import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence

from syndicate.carriers.smtp.server import SmtpServer
from syndicate.carriers.smtp.verdict import words
from syndicate.carriers.smtp.wire import Lost, Reply, Unwelcome, Wire

_EXTENSION = re.compile(r"([A-Za-z0-9-]+)[ =]?(.*)")


def opened(server: SmtpServer, trust: Callable[[], ssl.SSLContext]) -> Wire:
    """A connection on which MAIL may be said.

    Raises Unwelcome when it never will be, and OSError or Lost when it is not now.
    """
    wire = Wire(_connected(server, trust))
    try:
        _expect(wire.reply(), "greeting")
        wire.offers = _hello(wire, server)
        if server.security == "starttls":
            wire = _secured(wire, server, trust)
            wire.offers = _hello(wire, server)
        if server.username:
            _log_in(wire, server)
        wire.bound(server.timeout)
    except BaseException:
        wire.drop()
        raise
    return wire


def _connected(server: SmtpServer, trust: Callable[[], ssl.SSLContext]) -> socket.socket:
    sock = socket.create_connection((server.host, server.port), server.timeout)
    try:
        # The final dot must not wait for the acknowledgement of the message (Nagle).
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return trust().wrap_socket(sock, server_hostname=server.host) if server.security == "tls" else sock
    except BaseException:
        sock.close()
        raise


def _hello(wire: Wire, server: SmtpServer) -> Mapping[str, str]:
    """What the server offers; nothing when it knows HELO only (RFC 5321, 3.2)."""
    me = server.hello or _host_name() or _literal(wire.sock)
    reply = wire.ask(f"EHLO {me}")
    if reply.code // 100 == 5:
        _expect(wire.ask(f"HELO {me}"), "HELO")
        return {}
    _expect(reply, "EHLO")
    found = (_EXTENSION.match(line) for line in reply.text.decode("ascii", "replace").splitlines()[1:])
    return {match[1].upper(): match[2].strip() for match in found if match}


def _host_name() -> str:
    """Our full name, where the system knows one by itself: a name server is not asked, it may take its time."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else ""


def _literal(sock: socket.socket) -> str:
    """Our address, as RFC 5321, 4.1.3 writes it, for a host without a name."""
    address = str(sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _secured(wire: Wire, server: SmtpServer, trust: Callable[[], ssl.SSLContext]) -> Wire:
    """The same connection under TLS. What was promised in the clear is forgotten (RFC 3207, 4.2)."""
    if "STARTTLS" not in wire.offers:
        raise Unwelcome("the server does not offer STARTTLS, and nothing is said in the clear")
    _expect(wire.ask("STARTTLS"), "STARTTLS")
    if wire.has_unread():
        # Somebody on the way put answers behind the server's, to be believed as if they had come under TLS.
        raise Unwelcome("something was said in the clear behind the answer to STARTTLS (as in CVE-2011-0411)")
    return Wire(trust().wrap_socket(wire.sock, server_hostname=server.host))


def _log_in(wire: Wire, server: SmtpServer) -> None:
    first, *more = said = _answers(_mechanism(wire, server), server.username, server.password)
    reply = wire.ask(f"AUTH {first}")
    for answer in more:
        if reply.code != 334:
            break
        reply = wire.ask(answer)
    if reply.code == 334:
        reply = wire.ask("*")
    if reply.code // 100 == 4:
        raise Lost(f"login: {_without(reply, said)}")
    if reply.code != 235:
        raise Unwelcome(f"the login was refused: {_without(reply, said)}")


def _mechanism(wire: Wire, server: SmtpServer) -> str:
    if server.auth != "auto":
        return server.auth.upper()
    offered = wire.offers.get("AUTH", "").upper().split()
    for mechanism in ("PLAIN", "LOGIN"):
        if mechanism in offered:
            return mechanism
    raise Unwelcome("the server offers no login by PLAIN or LOGIN")


def _answers(mechanism: str, username: str, password: str) -> Sequence[str]:
    """The initial response, and what is said to each challenge.

    PLAIN: RFC 4616. XOAUTH2: Google's "OAuth 2.0 Mechanism"; its error comes as a challenge that wants an empty answer.
    """
    if mechanism == "LOGIN":
        return "LOGIN", _base64(username), _base64(password)
    if mechanism == "PLAIN":
        return (f"PLAIN {_base64(f'{chr(0)}{username}{chr(0)}{password}')}",)
    return f"XOAUTH2 {_base64(f'user={username}{chr(1)}auth=Bearer {password}{chr(1)}{chr(1)}')}", ""


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def _without(reply: Reply, said: Sequence[str]) -> str:
    """What the server answered, without what it may have repeated of ours."""
    text = words(reply)
    for word in " ".join(said).split():
        text = text.replace(word, "…") if len(word) > len("XOAUTH2") else text
    return text


def _expect(reply: Reply, what: str) -> None:
    if reply.code // 100 == 2:
        return
    if reply.code // 100 == 4:
        raise Lost(f"{what}: {words(reply)}")
    raise Unwelcome(f"{what}: {words(reply)}")
