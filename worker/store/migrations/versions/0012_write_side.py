"""What a dead command waits for, and whose release it is, outlives a retry."""

from alembic import op

from worker.store import WRITE_SIDE, install

revision = "0012_write_side"
down_revision = "0011_holders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and the functions that fill and use them."""
    install(op.get_bind(), "worker.store", WRITE_SIDE)


def downgrade() -> None:
    """Not undone: retried commands would forget again whose they are."""
    raise NotImplementedError("dead commands would lose what they wait for")
