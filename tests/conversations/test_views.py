"""The six views by their names, how they are refreshed, and the rules that say when."""

from __future__ import annotations

from typer.testing import CliRunner

from models.conversations import MATERIALIZED_VIEWS, events
from tasks.conversations.invalidation_rules import DEFAULT_CONSISTENCY_RULES, DELAYS
from tests.conversations.agreement import agree
from tests.conversations.support import Service
from worker.cli.root import app
from worker.contracts import Event
from worker.event_log.sources import queries
from worker.refresh import refresh_all
from worker.refresh.invalidation_rules import refreshes_for
from worker.subscriptions import runner

NAMES = [f"query.{name}" for name in MATERIALIZED_VIEWS]


def test_each_has_its_unique_index(service: Service) -> None:
    rows = service.rows(
        "SELECT DISTINCT indrelid::regclass::text FROM pg_index AS i JOIN pg_class AS c"
        "    ON c.oid = i.indrelid WHERE c.relkind = 'm' AND indisunique AND indisvalid"
        "   AND indpred IS NULL"
    )
    assert set(NAMES) <= {name for (name,) in rows}
    assert [name.partition(".")[2] for name in NAMES] == [
        "user_profile_view",
        "conversation_session_summary_view",
        "document_summary_view",
        "user_statistics_view",
        "voice_model_summary_view",
        "face_model_summary_view",
    ]


def test_they_are_refreshed_by_task_and_by_cli(service: Service) -> None:
    """By SQL, it is a command for a worker: tests/processes/test_conversations.py."""
    ways = (
        refresh_all,
        lambda: CliRunner().invoke(app, ["refresh", "--all"], catch_exceptions=False),
    )
    for way in ways:
        ada = service.user()
        service.model("face", ada)
        service.document(ada)
        service.session(ada, "one", "two")
        runner.catch_up()
        way()
        agree(service.system)


def test_every_event_has_its_rule_and_the_map_lists_it(service: Service) -> None:
    declared = {
        kind
        for kind in vars(events).values()
        if isinstance(kind, type) and issubclass(kind, Event) and "type" in vars(kind)
    }
    ruled = {rule.event for rule in DEFAULT_CONSISTENCY_RULES}
    assert declared - ruled == {events.ConversationWatched}  # it changes nothing that is shown
    shown = CliRunner().invoke(app, ["map"], catch_exceptions=False).output
    for rule in DEFAULT_CONSISTENCY_RULES:
        assert rule.event.type in shown
        assert {v: refreshes_for([rule.event.type])[v] for v in rule.views} == {
            v: DELAYS[v] for v in rule.views
        }
        assert all(name in queries for name in rule.queries)
