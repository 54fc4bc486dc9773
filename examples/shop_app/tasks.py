"""The application's own Celery app and its tasks, on a queue and a broker database of its own."""

import os

from celery import Celery, shared_task

from beat_schedule import SCHEDULE

app = Celery("shop_app", broker=os.environ["BROKER_URL"], backend=os.environ["BROKER_URL"])
app.conf.beat_schedule = SCHEDULE


@shared_task
def send_newsletter(issue: int) -> str:
    """Send an issue to everybody."""
    return f"issue {issue} is on its way"
