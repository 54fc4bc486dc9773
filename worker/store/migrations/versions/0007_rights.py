"""Rights: refused questions are kept; the audit misses no change, and copies no secret."""

from alembic import op

from worker.store import RIGHTS, install

revision = "0007_rights"
down_revision = "0006_reads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Install what it adds and replaces, in order."""
    install(op.get_bind(), "worker.store", RIGHTS)


def downgrade() -> None:
    """Not undone: the trail would have holes again, and secrets."""
    raise NotImplementedError("the audit would miss changes again, and copy secrets")
