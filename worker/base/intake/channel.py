"""kombu's Redis channel, with a check in front of it: nothing read from a list ends a worker.

kombu takes what it pops from a list for a message of its own: it decodes the JSON, looks for its
properties, decompresses the body, all in the worker's main process, and what raises there ends it.
The message is gone by then, for it has not been noted as unacknowledged yet.

So each reply is looked at first. A message that a foreign client wrote in short gets what it lacks:
a delivery tag, and where it goes back to if this worker dies. What is no message is replaced by one
that says so (see `substitute`), which is noted as unacknowledged like any other.

Broadcasts (remote control, events of other workers) are no queue: a malformed one is logged and
dropped, as Redis itself drops what nobody listens to.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from functools import cached_property
from typing import Any
from uuid import uuid4

from kombu import Connection
from kombu.transport import redis as kombu_redis
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps, loads

from worker.base.full_broker import KeepingQoS
from worker.base.intake import checks, substitute
from worker.base.intake.checks import Fault, Reason
from worker.base.logs import get_logger
from worker.base.settings import get_settings

log = get_logger(__name__)


def deliverable(item: bytes | str, queue: str, largest: int) -> bytes | str:
    """What kombu can take for a message in this queue: the item as it is, mended, or replaced."""
    if len(item) > largest:
        what = f"is {len(item)} bytes; at most {largest} are taken"
        return _instead(queue, Fault(Reason.TOO_LARGE, {"message": what}), item)
    try:
        raw = loads(bytes_to_str(item))
        if checks.may_be_deep(item) and checks.is_deeper(raw):
            return _instead(queue, Fault(Reason.TOO_DEEP, {"message": "too many levels"}), item)
    except Exception as error:
        return _instead(queue, checks.decoding_fault(error), item)
    if fault := _fault(raw):
        headers = raw.get("headers") if isinstance(raw, dict) else None
        return _instead(queue, fault, item, headers)
    return dumps(raw) if _mend(raw, queue) else item


def _fault(raw: Any) -> Fault | None:
    if not isinstance(raw, dict):
        return Fault(Reason.NO_ENVELOPE, {"message": "an object is wanted"})
    for part in ("headers", "properties"):
        if not isinstance(raw.get(part) or {}, dict):
            return Fault(Reason.NO_ENVELOPE, {part: "an object is wanted"})
    if (raw.get("headers") or {}).get("compression") is not None:
        return Fault(Reason.CONTENT, {"compression": "none is taken"})
    body, encoding = raw.get("body"), (raw.get("properties") or {}).get("body_encoding")
    if not isinstance(body, str | None):
        return Fault(Reason.NO_ENVELOPE, {"body": "a text is wanted"})
    if encoding not in (None, "", "utf-8", "base64"):
        return Fault(Reason.CONTENT, {"body_encoding": "utf-8 or base64 is taken"})
    try:
        _ = b64decode(body or "") if encoding == "base64" else (body or "").encode()
    except (binascii.Error, ValueError):
        return Fault(Reason.NO_ENVELOPE, {"body": f"is no {encoding or 'utf-8'}"})
    return None


def _mend(raw: dict[str, Any], queue: str) -> bool:
    """Fill in what kombu reads and a foreign client left out; whether there was anything."""
    given = raw.get("properties"), raw.get("headers")
    properties = raw["properties"] = given[0] or {}
    raw["headers"] = given[1] or {}
    info, tag = properties.get("delivery_info"), properties.get("delivery_tag")
    leads_back = isinstance(info, dict) and (
        info.get("routing_key") == queue and info.get("exchange") in ("", queue)
    )
    is_tag = checks.is_name(tag)
    if leads_back and is_tag and None not in given:
        return False
    if not leads_back:
        properties["delivery_info"] = {"exchange": "", "routing_key": queue}
    if not is_tag:
        properties["delivery_tag"] = str(uuid4())
    return True


def _instead(queue: str, fault: Fault, item: bytes | str, headers: Any = None) -> str:
    message = substitute.set_aside(queue, fault, item, headers)
    return str(
        dumps(
            {
                "body": message.body.decode(),
                "headers": message.headers,
                "content-type": checks.CONTENT_TYPE,
                "content-encoding": "utf-8",
                "properties": {
                    "body_encoding": "utf-8",
                    "delivery_tag": str(uuid4()),
                    "delivery_info": {"exchange": "", "routing_key": queue},
                    "priority": 0,
                },
            }
        )
    )


class _Checked:
    """What both of kombu's Redis channels have in common here."""

    QoS = KeepingQoS
    sep: str
    connection_errors: tuple[type[Exception], ...]

    @cached_property
    def client(self) -> Any:
        """The client that reads from the queues: what it reads is looked at first."""
        client = self._create_client(asynchronous=True)  # type: ignore[attr-defined]
        client.set_response_callback("BRPOP", self._checked)
        return client

    def _checked(self, reply: Any, **_: Any) -> Any:
        if not reply:
            return None
        key, item = reply
        queue = bytes_to_str(key).rsplit(self.sep, 1)[0]
        return key, deliverable(item, queue, get_settings().max_message_bytes)

    def _deliver_fanout_message(self, message: Any, exchange: str) -> bool:
        try:
            return bool(super()._deliver_fanout_message(message, exchange))  # type: ignore[misc]
        except self.connection_errors:
            raise
        except Exception as error:
            log.warning("broadcast dropped", exchange=exchange, reason=type(error).__name__)
            return False


class Channel(_Checked, kombu_redis.Channel):
    """kombu's channel on Redis and Valkey, checked."""


class Transport(kombu_redis.Transport):
    """kombu's transport on Redis and Valkey, checked."""

    Channel = Channel


class SentinelChannel(_Checked, kombu_redis.SentinelChannel):
    """kombu's channel behind Sentinel, checked."""


class SentinelTransport(kombu_redis.SentinelTransport):
    """kombu's transport behind Sentinel, checked."""

    Channel = SentinelChannel


_OURS = {kombu_redis.Transport: Transport, kombu_redis.SentinelTransport: SentinelTransport}


class BrokerConnection(Connection):
    """kombu's connection, which takes our transports for its own on Redis; others stay."""

    def get_transport_cls(self) -> Any:
        """The transport of this connection's URL."""
        found = super().get_transport_cls()  # type: ignore[no-untyped-call]
        return _OURS.get(found, found)
