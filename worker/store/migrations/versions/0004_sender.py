"""Applications get a role of their own, `cqrs_sender`: they enqueue in no name but their own."""

from alembic import op

from worker.store import SENDER, install

revision = "0004_sender"
down_revision = "0003_put_off"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Install the role, its functions, and what they replace."""
    install(op.get_bind(), "worker.store", SENDER)


def downgrade() -> None:
    """Not undone: commands may wait that the functions of before would run in any name."""
    raise NotImplementedError("commands may wait that carry the rights of senders")
