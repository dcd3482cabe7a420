"""Accounts of staff: invite, set a password and a second factor, sign in, end sessions, disable; tokens for programs.

    members.add -> one-time link -> password -> second factor -> sign in (throttled) -> session -> step up

Everything that changes something writes a line of the audit log in its own transaction. Messages of the errors are
of the catalogues.
"""

from syndicate.flows.accounts.credentials import (
    change_language,
    change_password,
    linked,
    set_password,
    set_totp,
)
from syndicate.flows.accounts.members import (
    add,
    change_role,
    disable,
    enable,
    find,
    member,
    members,
    new_link,
)
from syndicate.flows.accounts.records import LINES, Account, account, audit_log
from syndicate.flows.accounts.sessions import (
    SignedIn,
    end_sessions,
    lacks_second_factor,
    sign_in,
    sign_out,
    signed_in,
    step_up,
)
from syndicate.flows.accounts.throttling import SignInRefused
from syndicate.flows.accounts.tokens import (
    Bearer,
    add_token,
    bearer,
    revoke_token,
    wrong_token,
)

__all__ = [
    "LINES",
    "Account",
    "Bearer",
    "SignInRefused",
    "SignedIn",
    "account",
    "add",
    "add_token",
    "audit_log",
    "bearer",
    "change_language",
    "change_password",
    "change_role",
    "disable",
    "enable",
    "end_sessions",
    "find",
    "lacks_second_factor",
    "linked",
    "member",
    "members",
    "new_link",
    "revoke_token",
    "set_password",
    "set_totp",
    "sign_in",
    "sign_out",
    "signed_in",
    "step_up",
    "wrong_token",
]
