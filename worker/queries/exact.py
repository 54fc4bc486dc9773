"""Which answers come back from JSON as they were, told by their type and a look at their classes.

An answer that the cache cannot hold exactly must not be kept. The way that needs no knowledge is to
read the JSON again and compare, which costs as much as all the rest of keeping it. For most answers
the type alone can tell: models of text, whole numbers, decimals, ids, instants and what is made of
these, without a validator, an alias, a default or a setting of their own. Of such a type, pydantic
writes a value that is not what a field says with an error (`warnings="error"`), so what is left to
look at are the classes: of a subclass it writes the fields that the declared one has, in silence.

A schema is walked by what it may have, not by what it must not: what this module has not heard of
is compared. Not among it: floats (infinity), bytes, unions (a UUID's text comes back as a UUID),
dates (an instant is one to Python), anything with a function in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from worker.queries.pages import Page

Schema: TypeAlias = Mapping[str, Any]
Looks: TypeAlias = Callable[[Any], bool]
"""Whether a value's classes, and those of what it holds, are the declared ones."""

_SAID = {"type", "ref", "metadata"}
_LEAVES = {
    "str": {"min_length", "max_length", "pattern"},
    "int": {"le", "ge", "lt", "gt", "multiple_of"},
    "decimal": {"le", "ge", "lt", "gt", "multiple_of", "max_digits", "decimal_places"},
    "bool": set[str](),
    "uuid": {"version"},
}
"""Kinds whose JSON has one reading, and what may be said of them: limits alone, which let a value
in or make a miss of it."""
_INSTANT = {"tz_constraint", "microseconds_precision", "le", "ge", "lt", "gt"}
_MODEL = {"cls", "schema", "config", "custom_init", "root_model", "frozen", "generic_origin"}
_CONFIG = {"title", "extra_fields_behavior", "frozen"}
_ENUM = {"cls", "members", "sub_type"}


class _Unheard(Exception):
    """Something that is not sure to come back as it was."""


def looks_exact(answer_type: TypeAdapter[Any]) -> Looks | None:
    """What tells of an answer that its JSON is exact, if pydantic writes it without a warning; None
    for types of which only a comparison can tell, and for a text or a number alone, where it is as
    quick."""
    try:
        return _Walk().into(answer_type.core_schema)
    except (_Unheard, KeyError, TypeError):
        return None


class _Walk:
    """A walk through one schema; of a node that has no classes to look at comes None."""

    def __init__(self) -> None:
        self._defined: dict[str, Schema] = {}
        self._within: list[str] = []

    def into(self, schema: Any) -> Looks | None:
        """What is to be looked at in the values of a schema. Raises _Unheard."""
        kind = schema["type"]
        if kind in _LEAVES:
            _may_have(schema, _LEAVES[kind])
            return None
        walk = getattr(self, "_" + kind.replace("-", "_"), None)
        if walk is None:
            raise _Unheard(kind)
        looks: Looks | None = walk(schema)
        return looks

    def _datetime(self, schema: Schema) -> Looks:
        _may_have(schema, _INSTANT)
        return _has_whole_minutes

    def _none(self, schema: Schema) -> None:
        _may_have(schema, set())

    def _enum(self, schema: Schema) -> None:
        """Of text alone: its members are found again by their values."""
        _may_have(schema, _ENUM)
        if schema.get("sub_type") != "str":
            raise _Unheard("enum")

    def _nullable(self, schema: Schema) -> Looks | None:
        _may_have(schema, {"schema"})
        inner = self.into(schema["schema"])
        return inner and (lambda value: value is None or inner(value))

    def _list(self, schema: Schema) -> Looks | None:
        _may_have(schema, {"items_schema", "min_length", "max_length"})
        return _all_of(list, self.into(schema["items_schema"]))

    def _tuple(self, schema: Schema) -> Looks | None:
        """Of any length and one type: a list to JSON."""
        _may_have(schema, {"items_schema", "variadic_item_index"})
        if schema.get("variadic_item_index") != 0 or len(schema["items_schema"]) != 1:
            raise _Unheard("tuple")
        return _all_of(tuple, self.into(schema["items_schema"][0]))

    def _dict(self, schema: Schema) -> Looks | None:
        _may_have(schema, {"keys_schema", "values_schema"})
        keys = schema["keys_schema"]
        _may_have(keys, _LEAVES["str"])
        if keys["type"] != "str":
            raise _Unheard("keys")
        inner = self.into(schema["values_schema"])
        return lambda value: (
            type(value) is dict
            and all(type(key) is str for key in value)
            and (inner is None or all(map(inner, value.values())))
        )

    def _definitions(self, schema: Schema) -> Looks | None:
        _may_have(schema, {"schema", "definitions"})
        self._defined |= {each["ref"]: each for each in schema["definitions"]}
        return self.into(schema["schema"])

    def _definition_ref(self, schema: Schema) -> Looks | None:
        _may_have(schema, {"schema_ref"})
        name = schema["schema_ref"]
        if name in self._within:
            raise _Unheard("recursive")
        self._within.append(name)
        looks = self.into(self._defined[name])
        self._within.pop()
        return looks

    def _json_or_python(self, schema: Schema) -> Looks | None:
        """A page alone: an object with its rows, and a list of them to Python."""
        if schema.get("serialization", {}).get("function") != Page._as_object:
            raise _Unheard("json-or-python")
        read = schema["json_schema"]["schema"]
        inner = self.into(read["fields"]["rows"]["schema"]["items_schema"])
        return _all_of(Page, inner)

    def _model(self, schema: Schema) -> Looks:
        _may_have(schema, _MODEL)
        if schema.get("custom_init") or schema.get("root_model"):
            raise _Unheard("model")
        config = schema.get("config", {})
        if not config.keys() <= _CONFIG or config.get("extra_fields_behavior") == "allow":
            raise _Unheard("config")
        fields = schema["schema"]
        _may_have(fields, {"fields", "computed_fields", "model_name"})
        if fields["type"] != "model-fields" or fields.get("computed_fields"):
            raise _Unheard("fields")
        declared, parts = schema["cls"], self._parts(fields["fields"])
        if not parts:
            return lambda value: type(value) is declared
        return lambda value: (
            type(value) is declared and all(looks(getattr(value, name)) for name, looks in parts)
        )

    def _parts(self, fields: Mapping[str, Schema]) -> list[tuple[str, Looks]]:
        parts = []
        for name, field in fields.items():
            _may_have(field, {"schema", "frozen"})
            inner = field["schema"]
            if inner["type"] == "default":
                _may_have(inner, {"schema", "default", "default_factory"})
                inner = inner["schema"]
            if looks := self.into(inner):
                parts.append((name, looks))
        return parts


def _may_have(schema: Schema, more: set[str]) -> None:
    if not schema.keys() <= _SAID | more:
        raise _Unheard(schema["type"])


def _all_of(kind: type, inner: Looks | None) -> Looks:
    """Of this very class: a page that is said to be a list comes back without its cursor."""
    if inner is None:
        return lambda value: type(value) is kind

    def looks(value: Any) -> bool:
        items: Iterable[Any] = value
        return type(value) is kind and all(map(inner, items))

    return looks


def _has_whole_minutes(value: Any) -> bool:
    """Whether JSON holds an instant's offset: those of long ago have seconds."""
    offset = value.utcoffset()
    return offset is None or not (offset.seconds % 60 or offset.microseconds)
