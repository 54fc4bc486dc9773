"""The shop's first table."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "baskets",
        sa.Column("basket_id", sa.Integer, primary_key=True),
        sa.Column("customer", sa.String, nullable=False),
        sa.Column("total", sa.Numeric(12, 2), nullable=False),
        sa.Column("details", JSONB, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("baskets")
