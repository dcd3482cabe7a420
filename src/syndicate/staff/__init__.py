"""Staff: passwords, second factors, sessions, how often signing in may be tried. Pure; argon2 is known here only."""

from syndicate.staff.passwords import hashed, is_outdated, objection, verify
from syndicate.staff.sessions import anti_forgery, is_alive, is_stepped_up, new_secret, stored
from syndicate.staff.throttle import wait
from syndicate.staff.totp import (
    is_required,
    is_totp_secret,
    matching_step,
    new_totp_secret,
    provisioning_uri,
    qr_svg,
    recovery_codes,
)

__all__ = [
    "anti_forgery",
    "hashed",
    "is_alive",
    "is_outdated",
    "is_required",
    "is_stepped_up",
    "is_totp_secret",
    "matching_step",
    "new_secret",
    "new_totp_secret",
    "objection",
    "provisioning_uri",
    "qr_svg",
    "recovery_codes",
    "stored",
    "verify",
    "wait",
]
