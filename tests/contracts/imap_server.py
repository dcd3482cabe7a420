"""Debian's Dovecot as an ordinary process of this test session: loopback only, one mailbox, with TLS and without."""

import datetime
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PASSWORD = 'a "secret" \\ password'
_SETTINGS = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail/Maildir
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/passwords
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass(frozen=True)
class ImapHere:
    """Ports of 127.0.0.1, the folder that mail is delivered to, and who vouches for the certificate."""

    plain: int
    tls: int
    new: Path
    context: ssl.SSLContext


def why_not() -> str:
    """Why it cannot be run here; empty when it can."""
    if shutil.which("dovecot") is None:
        return "Dovecot is not installed here (Debian's dovecot-imapd)"
    if not Path("/usr/lib/dovecot/imap").exists():
        return "Dovecot has no IMAP here (Debian's dovecot-imapd)"
    return ""


@contextmanager
def serve() -> Iterator[ImapHere]:
    """A server that ends with the block, by its own pid."""
    folder = Path(tempfile.mkdtemp(prefix="syndicate-imap-"))
    try:
        here = _prepare(folder)
        owner = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        command = ["dovecot", "-F", "-c", str(folder / "dovecot.conf")]
        who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
        process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, **who)  # type: ignore[call-overload]
        try:
            _wait(process, here.plain, folder / "log")
            yield here
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path) -> ImapHere:
    person = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    for name in ("run", "state", "mail/Maildir/new", "mail/Maildir/cur", "mail/Maildir/tmp"):
        (folder / name).mkdir(parents=True)
    plain, tls = _ports()
    values = {"folder": folder, "user": person.pw_name, "uid": person.pw_uid, "gid": person.pw_gid}
    group = subprocess.run(["id", "-gn", person.pw_name], capture_output=True, text=True, check=True)
    text = _SETTINGS.format(**values, group=group.stdout.strip(), plain=plain, tls=tls)
    (folder / "dovecot.conf").write_text(text)
    (folder / "passwords").write_text(f"reports:{{PLAIN}}{PASSWORD}\n")
    context = _certificate(folder)
    if os.getuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, person.pw_uid, person.pw_gid)
    return ImapHere(plain, tls, folder / "mail/Maildir/new", context)


def _ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


def _certificate(folder: Path) -> ssl.SSLContext:
    """Self-signed for 127.0.0.1; the context trusts it and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    (folder / "cert.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return ssl.create_default_context(cadata=pem.decode())


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    for _ in range(300):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
                if line.recv(4) == b"* OK":
                    return
        except OSError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.1)
    told = log.read_text() if log.exists() else ""
    raise RuntimeError(f"Dovecot did not start:\n{told}")
