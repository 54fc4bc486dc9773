"""What a change did, by what the server says of it: two snapshots, compared.

    BEGIN ─▶ snapshot ─▶ locks, operations, deferred checks ─▶ snapshot ─▶ COMMIT
                 └──────────── difference ─────────────────────────┘
                                   │  rows, shapes, objects that are other than before
                                   ▼
                 edges, before and after: who reads them ─▶ rebuilds, refreshes, purges

Nothing is foreseen here: triggers, rules, cascades and SQL that a program makes up leave the same
traces as an UPDATE does. Every statement runs as a plain owner. What a view reads without a trace
in the catalogue (a setting, the clock, another server) is not seen; a function whose body the
catalogue does not know counts as reading all that changed.

Measured by tests/long/test_changeset_facts.py: of 247 views made stale by 134 changes, none missed.
"""

from worker.base.sql import blocks

SQL = blocks(__name__)
"""The statements of this package's `queries.sql`, by name."""
