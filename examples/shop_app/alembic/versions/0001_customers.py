"""Customers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.Uuid(), primary_key=True),
        sa.Column("email", sa.Text(), nullable=False, unique=True),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("customers")
