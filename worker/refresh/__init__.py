"""Refreshes of materialized views that know what changed.

    asked (beat, CLI, events) ─▶ one at a time per view ─▶ changed since its horizon? ─ no ─▶ skip
                                                                    │ yes
      horizon · history · requests served ◀─── one commit ◀──── REFRESH

What is promised:

- A view's row in `cqrs.refreshed` says up to which event it is computed: for a view over read
  tables or sagas the lowest checkpoint of those who keep them, else the log's horizon, read just
  before the refresh and stored in its transaction. So `after=` works for materialized views.
- A view is skipped when nothing underneath has changed, and its horizon moves on all the same. A
  projection keeps the position at which it last folded something (`changed_position`); for write
  tables any event counts, since commands write those. What is written there without an event (by
  hand, by a migration) needs a refresh without `if_stale`. A view over other tables, the engine's
  own for one, is never skipped.
- Nobody refreshes a view that another worker is refreshing: who must, waits, and goes without if
  nothing has changed since.
- A refresh that fails leaves the view, its horizon and its requests as they were.
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
