"""What the shop's own Alembic would change, looking into every schema; one operation a line."""

import os

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

ENGINE = {"cqrs", "command", "query"}
metadata = sa.MetaData()
sa.Table("shop_items", metadata, sa.Column("id", sa.Integer, primary_key=True))


def include_object(item, name, type_, reflected, compare_to):
    """As the engine's pages advise."""
    table = item if type_ == "table" else getattr(item, "table", None)
    return getattr(table, "schema", None) not in ENGINE


engine = sa.create_engine(os.environ["SHOP_DATABASE"].replace("postgresql:", "postgresql+psycopg:"))
with engine.connect() as connection:
    metadata.create_all(connection)
    for advised in (True, False):
        opts = {"include_schemas": True, "compare_server_default": False}
        opts |= {"include_object": include_object} if advised else {}
        context = MigrationContext.configure(connection, opts=opts)
        changes = compare_metadata(context, metadata)
        print("as advised" if advised else "else", len(changes))
