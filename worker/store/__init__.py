"""The engine's own tables, views and functions: one SQL object a file, installed in this order."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

from sqlalchemy import Connection

OBJECTS = (
    "schemas",
    "roles",
    "streams",
    "events",
    "fence",
    "fences",
    "horizon",
    "holders",
    "append",
    "receipts",
    "enqueued_commands",
    "enqueue",
    "settle",
    "audit_log",
    "record_audit_steps",
    "record_audit",
    "state_at",
    "subscriptions",
    "invalidations",
    "audit_log_view",
    "checkpoints",
    "refreshed",
    "refreshed_view",
    "refreshes",
    "refresh_requests",
    "snapshots",
    "lock_streams",
    "sagas",
    "saga_events",
    "saga_status",
    "active_sagas",
    "dead_letters",
    "parked_events",
    "dead_commands",
    "revive_command",
    "rebuilds",
    "rebuild_parts",
    "rebuild_keys",
    "query_audit",
    "slots",
    "deployments",
    "changesets",
    "changeset_operations",
    "changeset_history",
    "catalogue_objects",
    "catalogue_parts",
    "dependency_edges",
    "require_schema",
    "system_edges",
    "dependency_path",
    "dependency_paths",
    "analyze_dependencies",
    "column_users",
    "verifications",
)
"""What the first migration installs: frozen, as are the files. What replaces one of them stands in
a folder that is named for its migration."""

INTAKE = ("intake/refused_messages", "intake/command_schemas", "intake/enqueued_commands")
"""Messages that were refused; which release knows which command."""

PUT_OFF = ("put_off/enqueued_commands", "put_off/end_enqueued")
"""Why a command is put off, and how one is ended without being read."""

SENDER = (
    "sender/role",
    "sender/sender_roles",
    "sender/session_is_writer",
    "sender/receipts",
    "sender/enqueued_commands",
    "sender/enqueue_fault",
    "sender/write_commands",
    "sender/enqueue_as_sender",
    "sender/enqueue_as_writer",
    "sender/enqueue",
    "sender/enqueue_one",
    "sender/settle",
    "sender/last_position",
    "sender/audit_query",
    "sender/ask_for_refresh",
    "sender/guard_views",
    "sender/execute",
)
"""The role of applications, and what it may call."""

DERIVED_IDS = ("derived/enqueue_derived",)
"""How reactions and sagas enqueue."""

READS = ("reads/running_subscriptions",)
"""What the workers say of the subscriptions that they run."""

RIGHTS = (
    "rights/record_audit_steps",
    "rights/record_audit",
    "rights/audit",
    "rights/guard_audit",
    "rights/audit_query",
    "rights/schema_permits",
    "rights/secret_fault",
    "rights/write_commands",
)
"""Who may ask; an audit without holes and without secrets."""

TRACES = (
    "traces/refresh_traces",
    "traces/refresh_requests",
    "traces/ask_for_refresh",
    "traces/standing_failures",
)
"""What refreshes read, who waits for them, and what has failed and not succeeded since."""

FACTS = (
    "facts/changesets",
    "facts/deployments",
    "facts/change",
    "facts/enqueue_schema_command",
    "facts/track_change",
    "facts/execute_changeset",
    "facts/refresh_query_side",
    "facts/refresh_all_materialized_views",
    "facts/begin_deployment",
    "facts/end_deployment",
)
"""What a changeset did, and what became of one that was refused; schema commands from SQL."""

EVENT_TYPES = (
    "event_types/subscribed_types",
    "event_types/read_model_owners",
    "event_types/renamed_subscriptions",
    "event_types/rename_subscription",
    "event_types/verification_runs",
    "event_types/rebuilds",
)
"""What subscriptions have named, who keeps which read model, verifications in slices."""

HOLDERS = ("holders/fences", "holders/horizon_holders", "holders/end_horizon_holders")
"""Whose locks count as fences, and who is told to end."""

WRITE_SIDE = (
    "write_side/dead_commands",
    "write_side/end_enqueued",
    "write_side/revive_command",
    "write_side/enqueue_fault",
)
"""What a dead command keeps for its retry; what no command may wait for."""

REFUSAL_KINDS = ("refusal_kinds/receipts", "refusal_kinds/settle")
"""Which sort of refusal a receipt is."""

PERSONAL = ("personal/subject_keys",)
"""Keys of those whose data is sealed, and how they are thrown away."""


def install(connection: Connection, package: str, names: Iterable[str]) -> None:
    """Run files of SQL statements, `<package>/sql/<name>.sql` each, in this order.

    They run as they stand: `%` and `:` in them mean nothing to the driver.
    """
    folder = resources.files(package) / "sql"
    cursor = connection.connection.cursor()
    try:
        for name in names:
            cursor.execute((folder / f"{name}.sql").read_text(encoding="utf-8"))
    finally:
        cursor.close()
