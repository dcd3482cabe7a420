"""Making a connection ready: greeting, EHLO, TLS (RFC 3207), login (RFC 4954)."""

import base64
import errno
import os
import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from syndicate.carriers.smtp.server import SmtpServer
from syndicate.carriers.smtp.verdict import words
from syndicate.carriers.smtp.wire import Ear, Lost, Reply, Unwelcome, Wire

_EXTENSION = re.compile(r"([A-Za-z0-9-]+)[ =]?(.*)")

ADDRESSES_KEPT = 60.0
"""Seconds."""

ROOM = 1 << 18
"""Bytes that the system takes of a message without being waited for; it may give less."""

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""As ``socket.getaddrinfo`` gives it."""


class Addresses:
    """Where a server is. A name server is asked once a minute at most: nobody can go on while it is."""

    def __init__(self, server: SmtpServer) -> None:
        self.server = server
        self._known: Sequence[Address] = ()
        self._asked_at = 0.0

    def all(self) -> Sequence[Address]:
        """In the order in which they are to be tried. Raises OSError."""
        if not self._known or monotonic() - self._asked_at > ADDRESSES_KEPT:
            server = self.server
            self._known = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
            self._asked_at = monotonic()
        return self._known


async def opened(
    server: SmtpServer, addresses: Addresses, trust: Callable[[], ssl.SSLContext], ear: Ear
) -> Wire:
    """A connection on which MAIL may be said.

    Raises Unwelcome when it never will be, and OSError or Lost when it is not now.
    """
    wire = Wire(await _connected(addresses, ear), ear)
    try:
        if server.security == "tls":
            wire = await _secret(wire, server, trust)
        _expect(await wire.reply(), "greeting")
        wire.offers = await _hello(wire, server)
        if server.security == "starttls":
            wire = await _secured(wire, server, trust)
            wire.offers = await _hello(wire, server)
        if server.username:
            await _log_in(wire, server)
    except BaseException:
        wire.drop()
        raise
    return wire


async def _connected(addresses: Addresses, ear: Ear) -> socket.socket:
    """The first that answers. Raises what the last one said when none does: OSError or Lost."""
    found: Exception = OSError("the server has no address")
    for family, kind, protocol, _, place in addresses.all():
        sock = socket.socket(family, kind, protocol)
        try:
            await _connect(sock, place, ear)
            return sock
        except BaseException as error:
            ear.deafen()
            sock.close()
            if not isinstance(error, OSError | Lost):
                raise
            found = error
    raise found


async def _connect(sock: socket.socket, place: Any, ear: Ear) -> None:
    sock.setblocking(False)
    # The final dot must not wait for the acknowledgement of the message (Nagle).
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A whole message goes to the system at once, where it is not larger than that.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
    code = sock.connect_ex(place)
    if code == errno.EINPROGRESS:
        await ear.writable(sock)
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


async def _hello(wire: Wire, server: SmtpServer) -> Mapping[str, str]:
    """What the server offers; nothing when it knows HELO only (RFC 5321, 3.2)."""
    me = server.hello or _host_name() or _literal(wire.sock)
    reply = await wire.ask(f"EHLO {me}")
    if reply.code // 100 == 5:
        _expect(await wire.ask(f"HELO {me}"), "HELO")
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


async def _secured(wire: Wire, server: SmtpServer, trust: Callable[[], ssl.SSLContext]) -> Wire:
    """The same connection under TLS. What was promised in the clear is forgotten (RFC 3207, 4.2)."""
    if "STARTTLS" not in wire.offers:
        raise Unwelcome("the server does not offer STARTTLS, and nothing is said in the clear")
    _expect(await wire.ask("STARTTLS"), "STARTTLS")
    if wire.has_unread():
        # Somebody on the way put answers behind the server's, to be believed as if they had come under TLS.
        raise Unwelcome("something was said in the clear behind the answer to STARTTLS (as in CVE-2011-0411)")
    return await _secret(wire, server, trust)


async def _secret(wire: Wire, server: SmtpServer, trust: Callable[[], ssl.SSLContext]) -> Wire:
    """The same connection, from here on under TLS with a certificate that is this server's."""
    wire.ear.deafen()
    sock = trust().wrap_socket(wire.sock, server_hostname=server.host, do_handshake_on_connect=False)
    made = Wire(sock, wire.ear)
    try:
        await made.handshake()
    except BaseException:
        made.drop()
        raise
    return made


async def _log_in(wire: Wire, server: SmtpServer) -> None:
    first, *more = said = _answers(_mechanism(wire, server), server.username, server.password)
    reply = await wire.ask(f"AUTH {first}")
    for answer in more:
        if reply.code != 334:
            break
        reply = await wire.ask(answer)
    if reply.code == 334:
        reply = await wire.ask("*")
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
