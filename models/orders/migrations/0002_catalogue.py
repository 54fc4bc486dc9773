"""A product may be sold no longer."""

from alembic import op

from models.orders import CATALOGUE_OBJECTS
from worker.store import install

revision = "0002_catalogue"
down_revision = "0001_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; all products are sold so far."""
    install(op.get_bind(), "models.orders", (f"command/{name}" for name in CATALOGUE_OBJECTS))


def downgrade() -> None:
    """Not undone: what is sold no longer would be sold again."""
    raise NotImplementedError("products that are sold no longer would be sold again")
