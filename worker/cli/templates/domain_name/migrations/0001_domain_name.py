"""The write table with its audit triggers, and the read table behind its view."""

from alembic import op
from worker.store.read_tables import create_read_tables

from domain_name.models import read

revision = "0001_domain_name"
down_revision = None
branch_labels = ("domain_name",)
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.execute("""
        CREATE TABLE command.domain_name_items (
            item_id uuid PRIMARY KEY,
            name    text NOT NULL
        );
        CREATE TRIGGER audit_insert AFTER INSERT ON command.domain_name_items
            REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('item_id');
        CREATE TRIGGER audit_update AFTER UPDATE ON command.domain_name_items
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('item_id');
        CREATE TRIGGER audit_delete AFTER DELETE ON command.domain_name_items
            REFERENCING OLD TABLE AS old_rows
            FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('item_id');
    """)
    create_read_tables(op.get_bind(), read.tables.values())


def downgrade() -> None:
    """There is no way back: the write table holds the truth."""
    raise NotImplementedError("the write tables hold the truth")
