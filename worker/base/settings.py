"""Settings: one frozen object, read from the environment (prefix `CQRS_`) and nowhere else.

Unset server URLs mean the embedded servers of `CQRS_HOME`: real PostgreSQL and Valkey that
`cqrs up`, `cqrs demo` and the tests start. Each field below says its unit and special values.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from worker.base.environment import read
from worker.base.errors import ServerUnavailable
from worker.base.project import project

if TYPE_CHECKING:
    from worker import embedded

PREFIX = "CQRS_"
DAY = 86_400
CENTURY = 36_500
"""Days: the longest retention, since PostgreSQL's times end somewhere."""
_SCHEMES = {
    "database_url": ("postgresql", "postgres"),
    "query_database_url": ("postgresql", "postgres"),
    "broker_url": ("redis", "rediss", "sentinel", "amqp", "amqps", "pyamqp"),
    "result_url": ("redis", "rediss", "sentinel"),
    "cache_url": ("redis", "rediss", "unix"),
}
"""What the address of each server begins with."""
_TRUST = ("required", "optional", "none")
"""How a server's certificate is looked at: the words that every client of Redis knows."""
Section = TypeVar("Section", bound=BaseModel)


def split(names: str) -> tuple[str, ...]:
    """Comma-separated names; of an empty text, none."""
    return tuple(filter(None, map(str.strip, names.split(","))))


class Settings(BaseModel):
    """Every setting of the engine, validated at start. Made by hand, it is what the call says."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    database_url: str | None = Field(None, description="PostgreSQL; unset: the embedded one")
    query_database_url: str | None = Field(
        None, description="PostgreSQL that queries read from (a replica); unset: `database_url`"
    )
    broker_url: str | None = Field(None, description="Redis, Valkey or RabbitMQ; unset: embedded")
    result_url: str | None = Field(
        None, description="Redis or Valkey as Celery's result backend; unset: embedded"
    )
    cache_url: str | None = Field(
        None, description="Redis or Valkey for cached answers and wake-up signals; unset: embedded"
    )
    home: Path = Field(Path(".cqrs"), description="folder of the embedded servers' data")
    domains: tuple[str, ...] = Field(
        default_factory=lambda: project().domains,
        validate_default=True,
        description="packages of the domains to load, comma-separated; unset: `[tool.cqrs]`",
    )
    foreign_queues: tuple[str, ...] = Field(
        default_factory=tuple,
        description="queues of other Celery apps on our broker that a chain may lead to,"
        " comma-separated",
    )

    deny_by_default: bool = Field(
        False,
        description="what declares no `may_send=` or `may_ask=` is refused, and who sends without"
        " `acting_as` is a guest",
    )

    batch_size: int = Field(50, ge=1, le=1_000, description="most commands in one transaction")
    max_payload_bytes: int = Field(262_144, ge=1_024, description="largest command payload, bytes")
    max_message_bytes: int = Field(
        4_194_304,
        ge=16_384,
        description="largest message that a worker takes, bytes; twice a payload or more",
    )
    unknown_patience: float = Field(
        3_600.0,
        gt=0,
        le=30 * DAY,
        description="how long a command that no worker knows waits for one of a newer release,"
        " seconds",
    )
    after_timeout: float = Field(
        60.0, gt=0, description="longest wait for the commands named in `after=`, seconds"
    )
    command_attempts: int = Field(
        5, ge=1, le=20, description="times that a command is tried before it is a dead letter"
    )
    event_task_attempts: int = Field(
        20,
        ge=1,
        le=1_000,
        description="times that an event task is tried before it is a dead letter",
    )
    event_task_longest_pause: float = Field(
        7_200.0,
        gt=0,
        le=7 * DAY,
        description="most time between two tries of an event task, seconds",
    )
    lease: float = Field(
        15.0,
        ge=0.5,
        le=3_600,
        description="after this the commands of a process that died run again, seconds",
    )

    projection_batch_size: int = Field(
        2_000, ge=1, le=50_000, description="most events that a projection folds at once"
    )
    wake_up_distance: float = Field(
        0.005, ge=0, le=1, description="least time between two runs of the projections, seconds"
    )
    sweep_interval: float = Field(
        1.0, gt=0, le=60, description="how often beat looks for lost wake-ups, seconds"
    )
    horizon_patience: float = Field(
        60.0,
        ge=1,
        le=DAY,
        description="how long a transaction may keep others' events from being read, seconds",
    )
    end_horizon_holders: bool = Field(
        False, description="end the session of one that keeps them for longer; else it is named"
    )
    refresh_interval: float = Field(
        900.0, gt=0, description="how often materialized views are refreshed, seconds"
    )

    time_zone: str = Field(
        "UTC", description="where the nightly hour, and days, are those of: a name as Europe/Berlin"
    )
    rebuild_hour: int = Field(
        3,
        ge=0,
        le=23,
        description="the hour (of `CQRS_TIME_ZONE`) of the nightly rebuild of the read models",
    )
    verify_sample: int = Field(
        100, ge=0, description="rows that each hourly verification folds again; 0: none"
    )
    query_cost_per_minute: float = Field(
        0.0, ge=0, description="tokens that an actor's queries may cost a minute; 0: no limit"
    )
    query_cost_burst: float = Field(
        0.0, ge=0, description="most tokens that an actor may save up; 0: those of a minute"
    )
    receipts_retention: float = Field(
        90.0, gt=0, le=CENTURY, description="a command sent again later than this runs again, days"
    )
    history_retention: float = Field(
        30.0, gt=0, le=CENTURY, description="how long refreshes and rebuilds are remembered, days"
    )
    sagas_retention: float = Field(
        90.0,
        gt=0,
        le=CENTURY,
        description="how long an ended saga keeps its state and its history, days",
    )
    query_audit_retention: float = Field(
        365.0, gt=0, le=CENTURY, description="how long it is known who asked what, days"
    )

    task_time_limit: int = Field(120, ge=2, description="a task is killed after this, seconds")
    task_soft_time_limit: int = Field(100, ge=1, description="a task is told to stop, seconds")
    visibility_timeout: int = Field(
        150, ge=3, description="a lost worker's messages come back after this, seconds"
    )
    result_expires: int = Field(86_400, ge=60, description="how long Celery keeps results, seconds")
    statement_timeout: float = Field(
        60.0,
        gt=0,
        le=DAY,
        description="longest SQL statement of a command, projection or query, seconds",
    )
    lock_timeout: float = Field(
        10.0, gt=0, le=DAY, description="longest wait for a lock in a command or query, seconds"
    )
    pool_size: int = Field(
        4, ge=1, le=1_000, description="connections to PostgreSQL that a process keeps for each use"
    )
    pool_overflow: int = Field(
        16, ge=0, le=1_000, description="how many more of each it may open while all are in use"
    )
    connect_timeout: int = Field(5, ge=1, le=60, description="wait for a server to answer, seconds")

    redbeat: bool = Field(False, description="keep the schedule in Redis, for more than one beat")
    flower_user: str = Field("ops", description="user of Flower's page")
    flower_password: str | None = Field(None, description="unset: made up at each start, printed")
    flower_port: int = Field(0, ge=0, le=65_535, description="0: any free port")
    log_json: bool = Field(False, description="log lines as JSON, for machines")

    @field_validator("domains", "foreign_queues", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return split(value) if isinstance(value, str) else value

    @field_validator("domains", "foreign_queues")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value))

    @field_validator(*_SCHEMES)
    @classmethod
    def _leads_to_such_a_server(cls, value: str | None, info: ValidationInfo) -> str | None:
        wanted = _SCHEMES[str(info.field_name)]
        if value and not re.match(rf"({'|'.join(wanted)})(\+\w+)?://", value):
            raise ValueError(f"a URL is wanted that begins with {'://, '.join(wanted)}://")
        return value or None

    @field_validator("time_zone")
    @classmethod
    def _is_a_place(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"no time zone is called {value!r} here: a name such as Europe/Berlin is wanted and"
                " the machine's time zone data (`pip install tzdata` where it has none)"
            ) from error
        return value

    @field_validator("broker_url", "result_url", "cache_url")
    @classmethod
    def _says_whom_it_trusts(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Celery's result backend has no default of its own, and fails at the first command; all of
        the clients fail there at a word that they do not know."""
        if not value or not value.startswith("rediss:"):
            return value
        said = parse_qs(urlsplit(value).query, keep_blank_values=True).get("ssl_cert_reqs", [])
        is_missing = not said and info.field_name == "result_url"
        if is_missing or any(one not in _TRUST for one in said) or len(said) > 1:
            found = f" (ssl_cert_reqs is {', '.join(said)})" if said else ""
            raise ValueError(
                "a rediss:// URL must end with ?ssl_cert_reqs=required (or optional, or none)"
                + found
            )
        return value

    @model_validator(mode="after")
    def _limits_in_order(self) -> Settings:
        names = ("task_soft_time_limit", "task_time_limit", "visibility_timeout")
        soft, hard, visibility = (getattr(self, name) for name in names)
        if not soft < hard < visibility:
            variables = " < ".join(f"{PREFIX}{name.upper()}" for name in names)
            raise ValueError(
                f"{variables} must hold (are {soft}, {hard}, {visibility}):"
                " else a running task is delivered a second time"
            )
        return self

    @model_validator(mode="after")
    def _messages_hold_payloads(self) -> Settings:
        if self.max_message_bytes < 2 * self.max_payload_bytes:
            raise ValueError(
                f"{PREFIX}MAX_MESSAGE_BYTES must be at least twice {PREFIX}MAX_PAYLOAD_BYTES"
                f" (are {self.max_message_bytes}, {self.max_payload_bytes}):"
                " a message is its payload in base64, and its headers"
            )
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy leads to the servers that its own fields name, not to those of the original."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("servers", None)
        return copied

    @property
    def embedded_servers(self) -> frozenset[str]:
        """Which embedded servers stand for what no URL names: `postgres`, `valkey`."""
        named = (self.broker_url, self.result_url, self.cache_url)
        unset = {"postgres": self.database_url is None, "valkey": not all(named)}
        return frozenset(server for server, is_wanted in unset.items() if is_wanted)

    @cached_property
    def servers(self) -> ServerUrls:
        """Where the servers are; embedded ones are looked up in `home`, once."""
        return ServerUrls(self)


class ServerUrls:
    """The five addresses, each looked up when it is asked for: who migrates needs one alone.

    Raises ServerUnavailable for one that no URL names while no embedded server runs.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def database(self) -> str:
        """PostgreSQL."""
        return self._settings.database_url or self._embedded("database_url")

    @property
    def query_database(self) -> str:
        """PostgreSQL for queries."""
        return self._settings.query_database_url or self.database

    @property
    def broker(self) -> str:
        """Celery's broker."""
        return self._settings.broker_url or self._embedded("broker_url")

    @property
    def result(self) -> str:
        """Celery's result backend."""
        return self._settings.result_url or self._embedded("result_url")

    @property
    def cache(self) -> str:
        """Cached answers and wake-up signals."""
        return self._settings.cache_url or self._embedded("cache_url")

    def _embedded(self, name: str) -> str:
        if url := str(getattr(self._running, name)):
            return url
        raise self._none_runs()

    @cached_property
    def _running(self) -> embedded.Servers:
        from worker import embedded

        servers = embedded.find(self._settings.home)
        if servers is None:
            raise self._none_runs()
        return servers

    def _none_runs(self) -> ServerUnavailable:
        return ServerUnavailable(
            "an embedded server",
            str(self._settings.home),
            "none is running there",
            f"Start them with `cqrs up`, or set {self._unset()}.",
        )

    def _unset(self) -> str:
        names = ("database_url", "broker_url", "result_url", "cache_url")
        unset = [PREFIX + name.upper() for name in names if getattr(self._settings, name) is None]
        return ", ".join(unset[:-1]) + " and " * (len(unset) > 1) + unset[-1]


_current: Settings | None = None


def get_settings() -> Settings:
    """The settings of this process, read from the environment at first use.

    Raises BadSettings, naming every wrong or unknown setting.
    """
    global _current
    if _current is None:
        _current = read_settings(os.environ)
    return _current


@contextmanager
def using(settings: Settings) -> Iterator[Settings]:
    """Make other settings current for a while: for tests and for `cqrs demo`."""
    global _current
    before, _current = _current, settings
    try:
        yield settings
    finally:
        _current = before


def changed(settings: Settings, **changes: Any) -> Settings:
    """The same settings but for these, validated anew."""
    return Settings(**(settings.model_dump(exclude_unset=True) | changes))


def install(settings: Settings) -> None:
    """Make other settings current for the rest of this process."""
    global _current
    _current = settings


_sections: dict[str, type[BaseModel]] = {}


def declare_section(name: str, model: type[BaseModel]) -> None:
    """Say that a domain has settings of its own: they are checked when the domains are loaded."""
    _sections[name] = model


def check_sections() -> None:
    """Read every declared section once. Raises BadSettings now, rather than at the first order."""
    for name, model in _sections.items():
        section(name, model)


def section_values() -> dict[str, Any]:
    """What every declared section says in this process, by name."""
    return {name: section(name, model).model_dump() for name, model in sorted(_sections.items())}


def section(name: str, model: type[Section]) -> Section:
    """A domain's own settings: `section("orders", Pricing)` reads `CQRS_ORDERS_<FIELD>`.

    Raises BadSettings, naming the variable at fault.
    """
    return read(model, os.environ, f"{PREFIX}{name.upper()}_")


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from an environment. Raises BadSettings, naming every unknown or wrong one."""
    return read(Settings, environment, PREFIX, others=_sections_of(environment))


def _sections_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """How variables begin that a domain checks, when it asks for its section; or our own tests."""
    named = environment.get(f"{PREFIX}DOMAINS")
    domains = project().domains if named is None else split(named)
    names = ["schema", "test", *(domain.rsplit(".", 1)[-1] for domain in domains)]
    return tuple(f"{PREFIX}{name.upper()}_" for name in names)
