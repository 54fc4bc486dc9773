"""The banking domain: read tables; its write side is the log itself."""

from alembic import op

from models.banking import read
from worker.store.read_tables import create_read_tables

revision = "0001_banking"
down_revision = None
branch_labels = ("banking",)
depends_on = None


def upgrade() -> None:
    """Create the read tables."""
    create_read_tables(op.get_bind(), read.metadata.tables.values())


def downgrade() -> None:
    """Drop what the domain can compute again from the log."""
    for table in read.metadata.tables.values():
        op.execute(f"DROP TABLE query.{table.name}_v1 CASCADE")
