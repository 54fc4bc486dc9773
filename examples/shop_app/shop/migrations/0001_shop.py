"""The write tables with their audit triggers, and the read tables behind their views."""

from alembic import op
from worker.store.read_tables import create_read_tables

from shop.models import read

revision = "0001_shop"
down_revision = None
branch_labels = ("shop",)
depends_on = None

TABLES = """
    CREATE TABLE command.shop_products (
        product_id uuid PRIMARY KEY,
        name       text NOT NULL,
        price      numeric(14, 2) NOT NULL CHECK (price >= 0),
        pieces     integer NOT NULL CHECK (pieces >= 0)
    );
    CREATE TABLE command.shop_orders (
        order_id    uuid PRIMARY KEY,
        customer_id uuid NOT NULL,
        product_id  uuid NOT NULL REFERENCES command.shop_products,
        pieces      integer NOT NULL CHECK (pieces > 0),
        total       numeric(14, 2) NOT NULL CHECK (total >= 0)
    );
"""
AUDIT = """
    CREATE TRIGGER audit_insert AFTER INSERT ON command.{table}
        REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('{key}');
    CREATE TRIGGER audit_update AFTER UPDATE ON command.{table}
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('{key}');
    CREATE TRIGGER audit_delete AFTER DELETE ON command.{table}
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION cqrs.record_audit('{key}');
"""


def upgrade() -> None:
    """Create them."""
    op.execute(TABLES)
    for table, key in (("shop_products", "product_id"), ("shop_orders", "order_id")):
        op.execute(AUDIT.format(table=table, key=key))
    create_read_tables(op.get_bind(), read.tables.values())


def downgrade() -> None:
    """There is no way back: the write tables hold the truth."""
    raise NotImplementedError("the write tables hold the truth")
