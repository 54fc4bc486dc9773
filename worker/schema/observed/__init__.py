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

Measured in the oracle of 120 changes (tests/long/test_changeset_facts.py).
"""

from worker.base.sql import blocks

SQL = blocks(__name__)
"""The statements of this package's `queries.sql`, by name."""
