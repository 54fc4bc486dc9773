"""What subscriptions have named, who keeps which read model, verifications in slices."""

from alembic import op

from worker.store import EVENT_TYPES, install

revision = "0010_event_types"
down_revision = "0009_facts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Install the tables and the function."""
    install(op.get_bind(), "worker.store", EVENT_TYPES)


def downgrade() -> None:
    """Not undone: a renamed projection would count its events twice again."""
    raise NotImplementedError("a renamed projection would count its events twice again")
