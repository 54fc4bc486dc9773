"""What a changeset did is recorded, refused ones too; the schema commands can be sent from SQL."""

from alembic import op

from worker.store import FACTS, install

revision = "0009_facts"
down_revision = "0008_traces"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Install the columns and functions."""
    install(op.get_bind(), "worker.store", FACTS)


def downgrade() -> None:
    """Not undone: the history may hold changesets that were refused."""
    raise NotImplementedError("the history may hold changesets that were refused")
