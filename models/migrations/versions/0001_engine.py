"""The engine: schemas, roles, event log, receipts, subscriptions, audit."""

from importlib import resources

from alembic import op

from models.migrations import run_script
from models.system import OBJECTS

revision = "0001_engine"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Install every SQL object of the engine, in order."""
    for name in OBJECTS:
        file = resources.files("models.system") / "sql" / f"{name}.sql"
        run_script(op.get_bind(), file.read_text(encoding="utf-8"))


def downgrade() -> None:
    """Nothing is dropped: the log is the truth. Drop the database instead."""
    raise NotImplementedError("the engine's tables hold the truth: drop the database instead")
