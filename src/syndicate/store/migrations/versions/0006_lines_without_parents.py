"""lines of the ledger are not asked for their parents"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # Looked up for each line, they were two thirds of what planning an issue cost. SQLite keeps them: they cost nothing
    # there, and to take them away is to write the whole ledger anew.
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("fk_delivery_edition_edition"), "delivery", type_="foreignkey")
        op.drop_constraint(op.f("fk_delivery_issue_issue"), "delivery", type_="foreignkey")
