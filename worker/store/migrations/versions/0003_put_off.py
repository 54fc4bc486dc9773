"""Enqueued commands are put off with a reason, and ended by SQL alone."""

from alembic import op

from worker.store import PUT_OFF, install

revision = "0003_put_off"
down_revision = "0002_intake"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the reason and the function."""
    install(op.get_bind(), "worker.store", PUT_OFF)


def downgrade() -> None:
    """Nothing is dropped: code that does not know them is not disturbed."""
    raise NotImplementedError("the engine goes forwards only: restore a dump of before")
