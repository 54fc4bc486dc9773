"""Refreshes of materialized views that know what changed.

    asked (beat, CLI, events, readers) ─▶ one at a time per view ─▶ changed since its horizon?
                                                                      │ yes          │ no
           horizon · trace · history · requests served ◀── one commit ◀── REFRESH    └▶ skip

What is promised:

- A view's row in `cqrs.refreshed` says up to which event it is computed: for a view over read
  tables or sagas the lowest checkpoint of those who keep them, else the log's horizon, read just
  before the refresh and stored in its transaction. So `after=` works for materialized views.
- What a view reads is what its refresh has read (`traces.py`), through functions too; until there
  is a trace of this very view, it depends on everything.
- A view is skipped when nothing underneath has changed. A projection keeps the position at which
  it last folded something (`changed_position`); for write tables any event counts, since commands
  write those. What is written there without an event (by hand, by a migration) needs a refresh
  without `if_stale`. Its horizon moves on only if it is known that a refresh would change nothing.
- What may change unseen counts as changed: volatile and stable functions whose body is text, the
  clock, random numbers, sequences, foreign tables, the catalogue, tables of other schemas and of
  the engine, materialized views that are not in schema `query`. Such a view is refreshed with all
  others, or by a schedule of its own: `invalidation_rule(…, every={view: seconds})`.
- Whoever waits for a view (`after=`) is served at once, whatever wait a rule gives.
- Nobody refreshes a view that another worker is refreshing: who must, waits, and goes without if
  nothing has changed since.
- A refresh that fails leaves the view, its horizon and its requests as they were. Its task fails,
  and it is red in `cqrs status` until it has succeeded or is acknowledged.

What no trace shows: what a function declared IMMUTABLE takes from the clock or a setting, and text
in the data such as 'now' that a cast takes for the time of day.
"""

from worker.refresh.requests import (
    ask_for,
    note_consequences,
    note_invalidation,
    request,
    wake_due,
    wake_ups,
)
from worker.refresh.tasks import (
    RefreshFailed,
    all_done,
    refresh,
    refresh_all,
    refresh_due,
    refresh_over,
    refresh_views,
)
from worker.refresh.view_refresh import Refreshed
from worker.refresh.views import (
    MaterializedView,
    NoUniqueIndex,
    UnknownRelation,
    UnknownView,
    Views,
    materialized_views,
    view_names,
)

__all__ = [
    "MaterializedView",
    "NoUniqueIndex",
    "RefreshFailed",
    "Refreshed",
    "UnknownRelation",
    "UnknownView",
    "Views",
    "all_done",
    "ask_for",
    "materialized_views",
    "note_consequences",
    "note_invalidation",
    "refresh",
    "refresh_all",
    "refresh_due",
    "refresh_over",
    "refresh_views",
    "request",
    "view_names",
    "wake_due",
    "wake_ups",
]
