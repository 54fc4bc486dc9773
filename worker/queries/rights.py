"""Who may ask: checked before the cache is, and a refusal is recorded.

    may_ask=only("clerk")                                            by role
    may_ask=lambda actor, p: actor.name == f"user:{p.user_id}"       his own data only

A query that is called inside another one is not asked for: who may ask the outer one is shown what
its function makes of the inner one.
"""

from __future__ import annotations

import psycopg

from worker.base.errors import ServerUnavailable
from worker.base.logs import get_logger
from worker.base.rights import Right, allows, why_not
from worker.contracts import Actor
from worker.queries import query_audit
from worker.queries.consistency import ReadRequirement
from worker.queries.errors import NotAllowed
from worker.queries.parameters import Parameters, as_json

log = get_logger(__name__)


def check(
    query: str, may_ask: Right | None, actor: Actor, given: Parameters, required: ReadRequirement
) -> None:
    """Raises NotAllowed for an actor who may not ask this; it is recorded first.

    No is no: where it cannot be recorded, the log has it.
    """
    if allows(may_ask, actor, given):
        return
    roles = ", ".join(sorted(actor.roles)) or "none"
    refused = NotAllowed(actor.name, query, roles, why_not("may_ask", may_ask))
    try:
        query_audit.record(
            query,
            actor,
            as_json(given),
            required,
            data=None,
            as_of=None,
            from_cache=False,
            stale=False,
            seconds=0.0,
            refused=True,
        )
    except (ServerUnavailable, psycopg.Error) as error:
        log.error("a refusal is not recorded", refused=str(refused), reason=str(error))
    raise refused
