"""The sales domain: write tables with their constraints, read tables, materialized views."""

from alembic import op

from models.sales import MATERIALIZED_VIEWS, WRITE_OBJECTS, read
from worker.store import install
from worker.store.read_tables import create_read_tables

revision = "0001_sales"
down_revision = None
branch_labels = ("sales",)
depends_on = None


def upgrade() -> None:
    """The write side, then the read tables, then what is computed from those."""
    install(op.get_bind(), "models.sales", (f"command/{name}" for name in WRITE_OBJECTS))
    create_read_tables(op.get_bind(), read.metadata.tables.values())
    install(op.get_bind(), "models.sales", (f"query/{name}" for name in MATERIALIZED_VIEWS))


def downgrade() -> None:
    """Nothing is dropped: these tables hold the truth. Drop the database instead."""
    raise NotImplementedError("the write tables hold the truth: drop the database instead")
