"""The domain's first tables."""

from alembic import op

from ordering.models import read
from worker.store.read_tables import create_read_tables

revision = "0001_ordering"
down_revision = None
branch_labels = ("ordering",)
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE command.placed_orders (
            order_id uuid PRIMARY KEY,
            customer text NOT NULL,
            total    numeric(14, 2) NOT NULL CHECK (total > 0)
        );
        CREATE TRIGGER audit_insert AFTER INSERT ON command.placed_orders
            REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('order_id');
        CREATE TRIGGER audit_update AFTER UPDATE ON command.placed_orders
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('order_id');
        CREATE TRIGGER audit_delete AFTER DELETE ON command.placed_orders
            REFERENCING OLD TABLE AS old_rows
            FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('order_id');
    """)
    create_read_tables(op.get_bind(), read.tables.values())


def downgrade() -> None:
    raise NotImplementedError("the write tables hold the truth")
