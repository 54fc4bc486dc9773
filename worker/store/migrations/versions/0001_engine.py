"""The engine: schemas, roles, event log, receipts, subscriptions, audit."""

from alembic import op

from worker.store import OBJECTS, install

revision = "0001_engine"
down_revision = None
branch_labels = ("engine",)
depends_on = None


def upgrade() -> None:
    """Install every SQL object of the engine, in order."""
    install(op.get_bind(), "worker.store", OBJECTS)


def downgrade() -> None:
    """Nothing is dropped: the log is the truth. Drop the database instead."""
    raise NotImplementedError("the engine's tables hold the truth: drop the database instead")
