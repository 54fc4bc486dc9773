"""Nobody holds the horizon who cannot append; whoever does is named, and can be ended."""

from alembic import op

from worker.store import HOLDERS, install

revision = "0011_holders"
down_revision = "0010_event_types"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the view of the fences, and what tells of them."""
    install(op.get_bind(), "worker.store", HOLDERS)


def downgrade() -> None:
    """Not undone: any login could hold up every reader again."""
    raise NotImplementedError("any login could hold the horizon again")
