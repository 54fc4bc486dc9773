"""The orders domain: write tables with their constraints, read tables, materialized views."""

from alembic import op

from models.orders import READ_OBJECTS, WRITE_OBJECTS
from worker.store import install

revision = "0001_orders"
down_revision = None
branch_labels = ("orders",)
depends_on = None


def upgrade() -> None:
    """Install every SQL object of the domain: the write side, then the read side."""
    install(op.get_bind(), "models.orders", (f"command/{name}" for name in WRITE_OBJECTS))
    install(op.get_bind(), "models.orders", (f"query/{name}" for name in READ_OBJECTS))


def downgrade() -> None:
    """Nothing is dropped: these tables hold the truth. Drop the database instead."""
    raise NotImplementedError("the write tables hold the truth: drop the database instead")
