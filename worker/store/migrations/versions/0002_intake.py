"""Messages that were refused; which release knows which command."""

from alembic import op

from worker.store import INTAKE, install

revision = "0002_intake"
down_revision = "0001_engine"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Install what it adds, in order."""
    install(op.get_bind(), "worker.store", INTAKE)


def downgrade() -> None:
    """Nothing is dropped: the log is the truth. Drop the database instead."""
    raise NotImplementedError("the engine's tables hold the truth: drop the database instead")
