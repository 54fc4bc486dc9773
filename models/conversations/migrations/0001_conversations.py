"""The conversations domain: write tables, read tables, and the six materialized views."""

from alembic import op

from models.conversations import MATERIALIZED_VIEWS, WRITE_OBJECTS, read
from worker.store import install
from worker.store.read_tables import create_read_tables

revision = "0001_conversations"
down_revision = None
branch_labels = ("conversations",)
depends_on = None


def upgrade() -> None:
    """The write side, then the read tables, then the views."""
    package = "models.conversations"
    install(op.get_bind(), package, (f"command/{name}" for name in WRITE_OBJECTS))
    create_read_tables(op.get_bind(), read.metadata.tables.values())
    install(op.get_bind(), package, (f"query/{name}" for name in MATERIALIZED_VIEWS))


def downgrade() -> None:
    """Nothing is dropped: these tables hold the truth. Drop the database instead."""
    raise NotImplementedError("the write tables hold the truth: drop the database instead")
