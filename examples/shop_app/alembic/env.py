"""The application's own migrations, of its own tables alone."""

import os

from alembic import context
from sqlalchemy import create_engine

from models import Base

engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:", 1))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
