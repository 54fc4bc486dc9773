"""The banking domain: read tables; its write side is the log itself."""

from importlib import resources

from alembic import op

from models.banking import READ_OBJECTS
from models.migrations import run_script

revision = "0003_banking"
down_revision = "0002_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Install every SQL object of the domain."""
    folder = resources.files("models.banking") / "sql" / "query"
    for name in READ_OBJECTS:
        run_script(op.get_bind(), (folder / f"{name}.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Drop what the domain can compute again from the log."""
    for name in reversed(READ_OBJECTS):
        op.execute(f"DROP TABLE query.{name}_v1 CASCADE")
