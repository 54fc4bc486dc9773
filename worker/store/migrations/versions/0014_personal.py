"""A key for each person whose data is sealed."""

from alembic import op

from worker.store import PERSONAL, install

revision = "0014_personal"
down_revision = "0013_refusal_kinds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and the functions that use it."""
    install(op.get_bind(), "worker.store", PERSONAL)


def downgrade() -> None:
    """Not undone: what was sealed could not be read any more."""
    raise NotImplementedError("what was sealed could not be read any more")
