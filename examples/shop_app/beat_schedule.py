"""The application's own schedule."""

SCHEDULE = {
    "newsletter": {"task": "tasks.send_newsletter", "schedule": 7 * 86_400.0, "args": (1,)},
}
