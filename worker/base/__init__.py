"""What everything stands on: the Celery app, settings, connections, errors, SQL files."""
