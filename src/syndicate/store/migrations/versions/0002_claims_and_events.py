"""claims and events"""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _delivery()
    _claims()
    _events()


def _delivery() -> None:
    op.add_column("delivery", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("delivery", sa.Column("claim", sa.BigInteger(), nullable=True))
    for name in ("due_at", "delivered_at"):
        op.add_column("delivery", sa.Column(name, _MOMENT, nullable=True))
    op.drop_index("ix_delivery_issue_state", table_name="delivery")
    for state in ("planned", "unsure"):
        where = sa.text(f"state = '{state}'")
        op.create_index(
            f"ix_delivery_{state}", "delivery", ["issue", "id"], sqlite_where=where, postgresql_where=where
        )
    # Whatever an older syndicate was handing over when it died is in doubt.
    op.execute(
        "UPDATE delivery SET state = 'unsure', reason = 'the sender was interrupted while handing it over' "
        "WHERE state = 'handing'"
    )


def _claims() -> None:
    ledger = op.create_table(
        "ledger",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("identity", sa.String(length=36), nullable=False),
        sa.Column("claims", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )
    op.bulk_insert(ledger, [{"id": 1, "identity": str(uuid.uuid4()), "claims": 0}])
    op.create_table(
        "claim",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("issue", _SERIAL, nullable=False),
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=300), nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("deliveries", sa.Text(), nullable=False),
        sa.Column("marked", sa.LargeBinary(), nullable=False),
        sa.Column("taken", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["issue"], ["issue.id"], name=op.f("fk_claim_issue_issue")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_issue"), "claim", ["issue"], unique=False)
    op.create_table(
        "volume",
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("carrier", "day", name=op.f("pk_volume")),
    )


def _events() -> None:
    op.create_table(
        "received",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received")),
    )
    op.create_table(
        "event",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("delivery", _SERIAL, nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("is_machine", sa.Boolean(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("heard_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("carrier", "key", name=op.f("uq_event_carrier_key")),
    )
    op.create_index(op.f("ix_event_delivery"), "event", ["delivery"], unique=False)
