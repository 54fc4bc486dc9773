"""Refreshes trace what they read, who waits for one is served at once, and what fails stays red."""

from alembic import op

from worker.store import TRACES, install

revision = "0008_traces"
down_revision = "0007_rights"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Install the tables of traces and failures, and how one waits for a view."""
    install(op.get_bind(), "worker.store", TRACES)


def downgrade() -> None:
    """Not undone: views would be skipped again that are stale."""
    raise NotImplementedError("views that read through functions would be skipped for ever again")
