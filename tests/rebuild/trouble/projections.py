"""Loaded by child processes alone: from here on they are in trouble."""

import os

from tests.rebuild.trouble import afflict
from tests.support.things.models import ThingAdded
from worker.refresh.invalidation_rules import invalidation_rule

if "THINGS_TALKS" in os.environ:
    print("a domain that talks while it is loaded")
if "THINGS_RULE" in os.environ:
    invalidation_rule("things.totals", on=[ThingAdded], refresh={"query.thing_totals": 1.0})
afflict()
