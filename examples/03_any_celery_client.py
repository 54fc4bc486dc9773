"""Send a command with nothing of ours installed: a task name and plain JSON keyword arguments."""

import uuid

from celery import Celery

from worker import get_settings

servers = get_settings().servers  # a client elsewhere writes the two URLs down
client = Celery(broker=servers.broker, backend=servers.result)

handle = client.send_task(
    "orders.register_customer",
    kwargs={"email": f"{uuid.uuid4()}@example.org", "name": "Edsger"},
    task_id=str(uuid.uuid4()),
    queue="commands",
)
print(handle.get(timeout=10)["status"])
