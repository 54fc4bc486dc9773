"""What is stored: messages, write models, read models, SQL. No Celery and no I/O here."""
