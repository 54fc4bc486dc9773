"""`@query` makes a question of a function that reads.

    @query("orders.orders_summary", reads=("orders.order_summaries",), tags=lambda p: ("orders",))
    def orders_summary(
        db: Reader, *, status: OrderStatus | None = None, limit: int = 100
    ) -> list[OrderSummary]:
        return db.rows(OrderSummary, "orders_summary", status=status, limit=limit)

    orders_summary.ask(status="paid")                            whatever there is
    orders_summary.ask(status="paid", after=receipt.position)    with what I wrote: causal
    orders_summary.ask(status="paid", consistency="strong")      with what anybody wrote
    await orders_summary.aask(status="paid", after=receipt)      from a coroutine
    ask("orders.orders_summary", status="paid")                  by name

A query changes nothing and never raises because it finds nothing: it says None or an empty list.
Parameters are checked against the function's signature, and every wrong one is named. What is
raised: InvalidQuery, NotAllowed (`may_ask` says no), ReadModelBehind (`after=` was not reached in
time), EventParked (it waits behind a dead letter), QueryStopped (the database stopped it),
ServerUnavailable, CostLimitReached.
"""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import (
    Any,
    Concatenate,
    Generic,
    Protocol,
    TypeVar,
    cast,
    get_type_hints,
    overload,
)

import orjson
from pydantic import TypeAdapter
from typing_extensions import ParamSpec

from worker.base import personal
from worker.base.actor import acting
from worker.base.awaiting import atake
from worker.base.backoff import Backoff, Steps, take
from worker.base.errors import ServerUnavailable
from worker.base.registry import load_domains
from worker.base.rights import Right, as_declared
from worker.base.settings import get_settings, section_values
from worker.base.sql import blocks
from worker.cache import query_tag, source_tag
from worker.cache.entries import CacheKey, Snapshot
from worker.contracts import Receipt
from worker.contracts.messages import models_in
from worker.contracts.personal import personal_fields
from worker.event_log.sources import Sources, named, named_views, queries
from worker.event_log.tags import check_tags
from worker.queries import consistency as levels
from worker.queries import costs, inputs, parameters, query_audit, rights
from worker.queries.answers import Answer, Lookup, Policy, answer
from worker.queries.canonical import canonical
from worker.queries.conditions import DeclaredCondition
from worker.queries.consistency import Behind, Consistency, ReadRequirement
from worker.queries.costs import Cost
from worker.queries.errors import InvalidQuery, UnknownQuery
from worker.queries.exact import Looks, looks_exact
from worker.queries.filters import MOST_ROWS
from worker.queries.offered import offered
from worker.queries.parameters import Parameters
from worker.queries.reader import Reader, Terms, read

__all__ = ["Answer", "Query", "Reader", "ask", "query"]

T = TypeVar("T")
P = ParamSpec("P", default=...)
"""The parameters of a query's function after its Reader, as type checkers know them."""
Tags = Callable[[Any], Iterable[str]]


@dataclass(eq=False)
class Query(Generic[T, P]):
    """A declared question. Called with a Reader, it is the function that it was made from."""

    name: str
    function: Callable[Concatenate[Reader, P], T]
    sources: Sources
    tags: Tags | None
    policy: Policy
    cost: Cost
    audited: bool
    may_ask: Right | None
    package: str | None
    parameters: type[Parameters]
    answer_type: TypeAdapter[T]
    returned: Any = None
    purpose: str = ""
    per_actor: bool = False
    clock: bool = False

    def __call__(self, db: Reader, /, *args: P.args, **values: P.kwargs) -> T:
        """Ask inside another query, in the same snapshot."""
        return self.function(db, *args, **values)

    @overload
    def ask(self, *args: P.args, **values: P.kwargs) -> Answer[T]: ...
    @overload
    def ask(
        self,
        *,
        after: int | Receipt | None,
        consistency: str | None = None,
        timeout: float = 5.0,
        **values: Any,
    ) -> Answer[T]: ...
    @overload
    def ask(self, *, consistency: str | None, timeout: float = 5.0, **values: Any) -> Answer[T]: ...
    def ask(  # type: ignore[misc]  # no parameter has the name of an option
        self,
        *,
        consistency: str | None = None,
        after: int | Receipt | None = None,
        timeout: float = 5.0,
        **values: Any,
    ) -> Answer[T]:
        """The answer. `timeout`: seconds to wait for `after=`, which alone means causal.

        Raises InvalidQuery, NotAllowed, ReadModelBehind, EventParked, QueryStopped,
        ServerUnavailable, CostLimitReached.
        """
        return take(self._asked(values, consistency, after, timeout))

    @overload
    async def aask(self, *args: P.args, **values: P.kwargs) -> Answer[T]: ...
    @overload
    async def aask(
        self,
        *,
        after: int | Receipt | None,
        consistency: str | None = None,
        timeout: float = 5.0,
        **values: Any,
    ) -> Answer[T]: ...
    @overload
    async def aask(
        self, *, consistency: str | None, timeout: float = 5.0, **values: Any
    ) -> Answer[T]: ...
    async def aask(  # type: ignore[misc]  # as above
        self,
        *,
        consistency: str | None = None,
        after: int | Receipt | None = None,
        timeout: float = 5.0,
        **values: Any,
    ) -> Answer[T]:
        """The same for a coroutine: the event loop goes on meanwhile."""
        return await atake(self._asked(values, consistency, after, timeout))

    def _asked(
        self,
        values: Mapping[str, Any],
        consistency: str | None,
        after: int | Receipt | None,
        timeout: float,
    ) -> Steps[Answer[T]]:
        began = time.monotonic()
        required, wrong = levels.parse(consistency, after, timeout)
        given, wrong_values = parameters.parse(self.parameters, values)
        if errors := wrong | wrong_values:
            raise InvalidQuery(self.name, errors)
        rights.check(self.name, self.may_ask, acting(), given, required)
        answer = yield from self._answer(given, required, began)
        if self.audited:
            self._audit(given, required, answer, time.monotonic() - began)
        if self._is_personal:
            personal.reveal(answer.data)  # after it was kept and recorded
        return answer

    @property
    def cached(self) -> bool:
        """Whether answers are kept: with a TTL, and something that says when they change."""
        return self.policy.ttl > 0 and (self.tags is not None or bool(self.sources.views))

    @property
    def conditions(self) -> list[DeclaredCondition]:
        """The named conditions that its `where` takes."""
        return offered(self.returned, self.parameters.model_fields)

    @cached_property
    def _is_personal(self) -> bool:
        """Whether an answer can hold what is sealed."""
        return any(map(personal_fields, models_in(self.returned)))

    @cached_property
    def _looks(self) -> Looks | None:
        return looks_exact(self.answer_type)

    def _answer(
        self, given: Parameters, required: ReadRequirement, began: float
    ) -> Steps[Answer[T]]:
        place = self._place(given)
        lookup = Lookup(self._reading(given), self.answer_type, self.policy, place, self._looks)
        wanted = self._wanted(required)
        backoff: Backoff | None = None
        while True:
            try:
                return (yield from answer(lookup, wanted))
            except Behind as late:
                here = late.snapshot
            except ServerUnavailable:  # while it was waited for: it may come back in time
                if (pause := backoff.pause() if backoff else None) is None:
                    raise
                yield pause
                continue
            assert wanted is not None
            backoff = backoff or Backoff(required.timeout, since=began)
            yield from levels.wait(self.name, self.sources, wanted, required, here, backoff)

    def _reading(self, given: Parameters) -> Callable[[int | None], tuple[T, Snapshot]]:
        """How the database is asked. It is charged for once, however often a reader is early."""
        charged = False
        function = partial(self.function, **parameters.values(given))
        terms = Terms(self.package, self.cached, self.clock)

        def from_database(after: int | None) -> tuple[T, Snapshot]:
            nonlocal charged
            if not charged:
                costs.charge(acting(), self.name, self.cost, given)
                charged = True
            with self._actor_seen_or_not():
                return read(self.name, function, self.sources, after=after, terms=terms)

        return from_database

    def _actor_seen_or_not(self) -> AbstractContextManager[None]:
        """What is kept for everybody is made without knowing who asks."""
        shared = self.cached and not self.per_actor
        return inputs.unseen_actor(self.name) if shared else nullcontext()

    def _wanted(self, required: ReadRequirement) -> int | None:
        """The position to reach. A query without sources reads what commands write themselves: on
        the primary its answer is always current."""
        if required.level is Consistency.EVENTUAL:
            return None
        if self.sources:
            return levels.target(self.name, required, self.sources)
        servers = get_settings().servers
        if required.after is not None and servers.query_database != servers.database:
            why = "this query reads no read model, and a replica cannot say how far it is"
            raise InvalidQuery(self.name, {"after": why})
        if required.after is not None:
            levels.must_exist(self.name, required.after)
        return None

    def _place(self, given: Parameters) -> CacheKey | None:
        if not self.cached:
            return None
        who = inputs.actor_key() if self.per_actor else ()
        if (values := canonical((*who, *parameters.values(given).values()))) is None:
            return None
        digest = hashlib.blake2b(values.encode(), digest_size=16).hexdigest()
        with self._actor_seen_or_not():
            own = () if self.tags is None else tuple(self.tags(given))
        return CacheKey.of(f"{self.name}:{self._version}:{digest}", (*self._engine_tags, *own))

    @cached_property
    def _engine_tags(self) -> tuple[str, ...]:
        return (query_tag(self.name), *map(source_tag, self.sources.names))

    @cached_property
    def _version(self) -> str:
        """Changes with the code of the query, the conditions that it takes and its domain's
        settings: answers of two versions are kept apart."""
        parts = [orjson.dumps(self.answer_type.json_schema(), option=orjson.OPT_SORT_KEYS)]
        parts.append(repr(section_values()).encode())
        parts += [repr((each.name, each.what)).encode() for each in self.conditions]
        with suppress(OSError, TypeError):
            parts.append(inspect.getsource(self.function).encode())
        if self.package:
            with suppress(FileNotFoundError):
                parts.append(orjson.dumps(blocks(self.package)))
        return hashlib.blake2b(b"\0".join(parts), digest_size=4).hexdigest()

    def _audit(
        self, given: Parameters, required: ReadRequirement, answer: Answer[T], seconds: float
    ) -> None:
        query_audit.record(
            self.name,
            acting(),
            parameters.as_json(given),
            required,
            data=answer.data,
            as_of=answer.as_of,
            from_cache=answer.from_cache,
            stale=answer.stale,
            seconds=seconds,
        )


class Declare(Protocol):
    """What `query(...)` gives: a query is made of a function, and knows its types."""

    def __call__(self, function: Callable[Concatenate[Reader, P], T], /) -> Query[T, P]:
        """Declare this function."""


def query(
    name: str,
    *,
    reads: Iterable[str] = (),
    views: Iterable[str] = (),
    tags: Tags | None = None,
    ttl: float = 300.0,
    jitter: float = 0.1,
    stale_ok: bool = False,
    cost: Cost = costs.by_page,
    audited: bool = False,
    may_ask: Right | None = None,
    package: str | None = None,
    max_limit: int = MOST_ROWS,
    per_actor: bool = False,
    clock: bool = False,
) -> Declare:
    """Declare a query.

    `reads`: the projections that it reads, `views`: the materialized views; they make `as_of`.
    `tags`: what an answer depends on, from the parameters; without them answers are not kept,
    unless the query reads materialized views. `ttl`: seconds, 0 for never; `jitter`: a share of it.
    `stale_ok`: an old answer, marked, is better than waiting for another caller or than an error
    while the database is away. `cost`: tokens out of the actor's limit, a number or a function of
    the parameters; default: one for each hundred rows of the page. `audited`: who asked what is
    recorded. `may_ask`: who may ask, by actor and parameters (worker/base/rights.py); who may not
    is recorded in any case. `package`: where `queries.sql` is; default: the package of the row's
    model. `per_actor`: it looks at `current_actor()`, and answers are kept for each actor. `clock`:
    it looks at the clock, and an answer may be as old as its `ttl`. Raises ValueError, TypeError
    for a declaration that makes no sense, BadDeclarations for what it names or depends on in vain.
    """

    def declare(function: Callable[Concatenate[Reader, P], T], /) -> Query[T, P]:
        returned, who = _returned_by(name, function), f"query {name}"
        declared = Query(
            name=name,
            function=function,
            sources=Sources(named("reads", reads, who), named_views(views, who)),
            tags=tags,
            policy=Policy(ttl, jitter, stale_ok),
            cost=costs.checked(name, cost),
            audited=audited,
            may_ask=as_declared("may_ask", name, may_ask, 2),
            package=package or _package_of(returned),
            parameters=parameters.model_of(name, function, max_limit),
            answer_type=TypeAdapter(returned),
            returned=returned,
            purpose=(inspect.getdoc(function) or "").partition("\n")[0],
            per_actor=per_actor,
            clock=clock,
        )
        fields = list(declared.parameters.model_fields)
        check_tags(tags, "parameter", fields, f"tags of {who}")
        if declared.cached:
            inputs.check(name, function, clock=clock)
        queries.add(name, declared)
        return declared

    return cast("Declare", declare)  # mypy takes the two for different


def ask(name: str, /, **parameters: Any) -> Answer[Any]:
    """Ask a query by name, with what its `ask` takes. Raises UnknownQuery, naming the closest."""
    load_domains()
    known = queries.get(name)
    if known is None:
        raise UnknownQuery(name, queries.hint(name))
    return cast("Answer[Any]", known.ask(**parameters))


def _returned_by(name: str, function: Callable[..., Any]) -> Any:
    hints = get_type_hints(function, include_extras=True)
    if "return" not in hints:
        raise TypeError(f"a query says what it returns: annotate its function (query {name})")
    return hints["return"]


def _package_of(returned: Any) -> str | None:
    """The package of the first row model in a return type."""
    row = next(models_in(returned), None)
    return None if row is None else row.__module__.rpartition(".")[0]
