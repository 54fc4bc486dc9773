"""The queues that messages can be sent to: our own, and those of neighbours that are named.

A queue that nobody has named is an error where it is used first (`task_create_missing_queues` is
off): a message in a queue with a slip in its name would lie there for ever. Queues of other Celery
apps on the same broker are named in `CQRS_FOREIGN_QUEUES`; they are declared as Celery declares its
own by default, and none of our workers takes from one unless `-Q` names it.
"""

from __future__ import annotations

from typing import Any

from celery.app.amqp import AMQP, Queues

from worker.base.settings import get_settings


class EngineQueues(Queues):  # type: ignore[misc]  # celery has no types
    """Queues by name, the foreign ones made when they are first asked for."""

    def __missing__(self, name: str) -> Any:
        if name in get_settings().foreign_queues:
            return self.add(self.new_missing(name))
        return super().__missing__(name)


class EngineAMQP(AMQP):  # type: ignore[misc]  # celery has no types
    """How our app sends and receives; Celery is given it by its path (`CqrsCelery.amqp_cls`)."""

    queues_cls = EngineQueues

    @property
    def Connection(self) -> Any:  # noqa: N802  # Celery's name
        """Connections that check what they read. They bring redis-py: made when one is opened."""
        from worker.base.intake.channel import BrokerConnection

        return BrokerConnection
