"""The second factor: time-based one-time passwords (RFC 6238), and recovery codes for who lost the device."""

import hmac
import io
import re
import secrets
from datetime import datetime

import pyotp
import segno

from syndicate.model import Role

STEP = 30
"""Seconds a code is shown."""

_SECRET = re.compile(r"[A-Z2-7]{32}")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_totp_secret() -> str:
    """160 bits in base32 (RFC 4226, 4)."""
    return pyotp.random_base32()


def is_totp_secret(text: str) -> bool:
    """Whether it looks like one of ours."""
    return bool(_SECRET.fullmatch(text))


def is_required(rule: str, role: Role) -> bool:
    """Whether ``role`` must have a second factor; ``rule`` is "senders" (and admins), "everybody" or "nobody"."""
    return rule == "everybody" or (rule == "senders" and role.may(Role.SENDER))


def provisioning_uri(secret: str, email: str, issuer: str) -> str:
    """What an authenticator reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def matching_step(secret: str, code: str, now: datetime, last_step: int) -> int:
    """The step of time whose code this is, one before and one after allowed; 0 for none, or one used already.

    A code works once (RFC 6238, 5.2): keep what is returned as ``last_step``.
    """
    digits = code.replace(" ", "")
    if not is_totp_secret(secret) or not digits.isascii():
        return 0
    current = int(now.timestamp()) // STEP
    for step in (current, current - 1, current + 1):
        if step > last_step and hmac.compare_digest(pyotp.HOTP(secret).at(step), digits):
            return step
    return 0


def recovery_codes(number: int = 10) -> tuple[str, ...]:
    """Each of 79 bits, to be written down; like ``abcd-efgh-jkmn-pqrs``."""
    return tuple("-".join(_word() for _ in range(4)) for _ in range(number))


def qr_svg(uri: str) -> str:
    """An SVG element, to be put into a page as it is."""
    out = io.BytesIO()
    segno.make(uri, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, scale=5, border=2, light="#fff"
    )
    return out.getvalue().decode()


def _word() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(4))
