"""What the workers say of the subscriptions that they run, for those who only ask."""

from alembic import op

from worker.store import READS, install

revision = "0006_reads"
down_revision = "0005_derived_ids"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Install the table, and the view over it."""
    install(op.get_bind(), "worker.store", READS)


def downgrade() -> None:
    """Nothing is lost: it is written anew by the next release that knows it."""
    op.execute("DROP VIEW query.running_subscriptions; DROP TABLE cqrs.running_subscriptions")
