"""The orders domain: write tables with their constraints, read tables, materialized views."""

from importlib import resources

from alembic import op

from models.migrations import run_script
from models.orders import READ_OBJECTS, WRITE_OBJECTS

revision = "0002_orders"
down_revision = "0001_engine"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Install every SQL object of the domain: the write side, then the read side."""
    folder = resources.files("models.orders") / "sql"
    files = [folder / "command" / f"{name}.sql" for name in WRITE_OBJECTS]
    files += [folder / "query" / f"{name}.sql" for name in READ_OBJECTS]
    for file in files:
        run_script(op.get_bind(), file.read_text(encoding="utf-8"))


def downgrade() -> None:
    """Nothing is dropped: these tables hold the truth. Drop the database instead."""
    raise NotImplementedError("the write tables hold the truth: drop the database instead")
