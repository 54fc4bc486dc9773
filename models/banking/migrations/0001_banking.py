"""The banking domain: read tables; its write side is the log itself."""

from alembic import op

from models.banking import READ_OBJECTS
from worker.store import install

revision = "0001_banking"
down_revision = None
branch_labels = ("banking",)
depends_on = None


def upgrade() -> None:
    """Install every SQL object of the domain."""
    install(op.get_bind(), "models.banking", (f"query/{name}" for name in READ_OBJECTS))


def downgrade() -> None:
    """Drop what the domain can compute again from the log."""
    for name in reversed(READ_OBJECTS):
        op.execute(f"DROP TABLE query.{name}_v1 CASCADE")
