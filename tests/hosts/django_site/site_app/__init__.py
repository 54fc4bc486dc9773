"""A site as its owner wrote it: visits with prices, a Celery app, a way of logging."""
