"""What follows from an event is not put aside by who has worked out its id."""

from alembic import op

from worker.store import DERIVED_IDS, install

revision = "0005_derived_ids"
down_revision = "0004_sender"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Install the function."""
    install(op.get_bind(), "worker.store", DERIVED_IDS)


def downgrade() -> None:
    """Not undone: events would lose what follows from them again."""
    raise NotImplementedError("what follows from an event could be put aside again")
