"""A receipt says which sort of refusal it is."""

from alembic import op

from worker.store import REFUSAL_KINDS, install

revision = "0013_refusal_kinds"
down_revision = "0012_write_side"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and the function that fills it."""
    install(op.get_bind(), "worker.store", REFUSAL_KINDS)


def downgrade() -> None:
    """Not undone: who decides by the kind would take every refusal for none."""
    raise NotImplementedError("receipts would lose which sort of refusal they are")
