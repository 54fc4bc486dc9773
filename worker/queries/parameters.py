"""A query's parameters: a model made from its signature, so that every wrong one is named."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import to_json

from worker.base.errors import did_you_mean
from worker.base.validation_errors import by_field, unstorable
from worker.queries.filters import MOST_SKIPPED

RESERVED = frozenset({"consistency", "after", "timeout"})
"""What `ask` itself takes."""


class Parameters(BaseModel):
    """Base of every query's parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def model_of(name: str, function: Callable[..., Any], most_rows: int) -> type[Parameters]:
    """The model of a query's parameters: those after the first, which is the Reader.

    A parameter called `limit` is 1 to `most_rows`, one called `offset` 0 to a million. Raises
    TypeError for a signature that cannot be asked by keyword.
    """
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {
        parameter.name: (
            _bounded(parameter.name, hints[parameter.name], most_rows),
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for parameter in _asked_for(name, function)
    }
    return create_model(f"{name} parameters", __base__=Parameters, **fields)


def parse(model: type[Parameters], given: Mapping[str, Any]) -> tuple[Parameters, dict[str, str]]:
    """The parameters, checked; and what is wrong with them, by name."""
    try:
        parameters = model.model_validate(given)
    except ValidationError as error:
        return model.model_construct(), _by_parameter(model, error)
    return parameters, unstorable(parameters.model_dump())


def values(given: Parameters) -> dict[str, Any]:
    """The parameters as keyword arguments, in their own types."""
    return {name: getattr(given, name) for name in type(given).model_fields}


def as_json(given: Parameters) -> str:
    """The values as JSON for the record, secrets masked; what JSON lacks is told in words."""
    text = to_json(
        given.__dict__,
        inf_nan_mode="strings",
        bytes_mode="base64",
        by_alias=True,
        serialize_unknown=True,
    )
    return text.decode()


def _asked_for(name: str, function: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    _reader, *parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"parameters are named one by one (query {name}, {parameter})")
        if parameter.name in RESERVED:
            raise TypeError(f"ask() takes this name itself (query {name}, {parameter.name})")
        yield parameter


def _bounded(name: str, annotation: Any, most_rows: int) -> Any:
    if name == "limit":
        return Annotated[annotation, Field(ge=1, le=most_rows)]
    if name == "offset":
        return Annotated[annotation, Field(ge=0, le=MOST_SKIPPED)]
    return annotation


def _by_parameter(model: type[Parameters], error: ValidationError) -> dict[str, str]:
    errors = by_field(error)
    for problem in error.errors(include_url=False, include_context=False):
        if problem["type"] == "extra_forbidden" and len(problem["loc"]) == 1:
            name = str(problem["loc"][0])
            errors[name] = _unknown(name, list(model.model_fields))
    return errors


def _unknown(name: str, known: list[str]) -> str:
    if not known:
        return "takes no parameters"
    return "no such parameter" + did_you_mean(name, known, f"there are {', '.join(known)}")
