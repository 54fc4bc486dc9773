"""What an application's tests of its domains need, on the engine's own code and real servers.

    decide(command, ..., rows=...)        a handler's decision, without any server
    System.run, .catch_up                 commands and all that follows, in the test's own process
    worker.testing.fixtures               a pytest plugin: `cqrs`, `cqrs_workers`
    private_servers, template, in_use     what the plugin is made of, for other test runners
    Workers, until                        real worker processes, and how to wait for them

pytest is no dependency of the engine: `worker.testing.fixtures` alone imports it.
"""

from worker.testing.databases import Database, Template, template
from worker.testing.rules import Decided, decide
from worker.testing.servers import in_use, private_servers, settings_for
from worker.testing.system import System, Unsettled
from worker.testing.workers import Worker, Workers, until

__all__ = [
    "Database",
    "Decided",
    "System",
    "Template",
    "Unsettled",
    "Worker",
    "Workers",
    "decide",
    "in_use",
    "private_servers",
    "settings_for",
    "template",
    "until",
]
