"""Staff: accounts, sessions, tokens, and what they did."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from syndicate.store.tables.columns import Json, Moment, Serial, metadata

# Who may use the console. `totp_secret` is empty until a second factor is confirmed; `totp_step` is the last step of
# time whose code was used; `recovery` are hashes of codes not used yet.
staff = Table(
    "staff",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("email", String(320), nullable=False),
    Column("canonical", String(320), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", String(12), nullable=False),
    Column("language", String(35), nullable=False),
    Column("password", Text, nullable=False),
    Column("totp_secret", String(64), nullable=False),
    Column("totp_step", BigInteger, nullable=False),
    Column("recovery", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    # The number is in the audit log: nobody else may ever have it.
    sqlite_autoincrement=True,
)

# One-time links, by the hash of what is in them: `purpose` is invite or reset.
staff_link = Table(
    "staff_link",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("staff", Serial, ForeignKey("staff.id"), nullable=False, index=True),
    Column("purpose", String(12), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("staff", Serial, ForeignKey("staff.id"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("stepped_up_at", Moment),
    Column("network", String(50), nullable=False),
    Column("agent", String(200), nullable=False),
)

# Failures to sign in; `key` is the hash of an account's address, or a network.
sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("kind", String(12), nullable=False),
    Column("key", String(64), nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Index("ix_sign_in_failure_key_at", "kind", "key", "at"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("secret", String(64), nullable=False, unique=True),
    Column("staff", Serial, ForeignKey("staff.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("role", String(12), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    sqlite_autoincrement=True,
)

# What was answered to a request with an idempotency key: the same request again gets it again.
answered = Table(
    "answered",
    metadata,
    Column("actor", String(80), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Moment, nullable=False, index=True),
)

# What staff did, append-only: the database itself refuses to change or delete a line. `subject` names what it was done
# to ("issue 12", "subscriber 345"), never an address.
audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("staff", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", String(12), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(80), nullable=False, index=True),
    Column("detail", Json, nullable=False),
    Column("network", String(50), nullable=False),
    sqlite_autoincrement=True,
)
