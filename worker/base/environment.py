"""Settings out of environment variables: each wrong one is named with its value, each unknown one
answered with "did you mean"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from worker.base.errors import BadSettings, did_you_mean
from worker.base.urls import safe_url

Model = TypeVar("Model", bound=BaseModel)


def read(
    model: type[Model], environment: Mapping[str, str], prefix: str, *, others: tuple[str, ...] = ()
) -> Model:
    """A model whose field `x` is the variable `<prefix>X`.

    `others` says how variables begin that somebody else checks. Raises BadSettings, naming every
    unknown variable, or else every wrong one.
    """
    fields = {prefix + name.upper(): name for name in model.model_fields}
    if unknown := list(_unknown(environment, prefix, fields, others)):
        raise BadSettings("; ".join(_did_you_mean(name, prefix, fields) for name in unknown))
    given = {
        name: environment[variable] for variable, name in fields.items() if variable in environment
    }
    try:
        return model(**given)
    except ValidationError as error:
        raise BadSettings(
            "; ".join(_sentence(problem, prefix) for problem in error.errors())
        ) from None


def _unknown(
    environment: Mapping[str, str], prefix: str, known: Collection[str], others: tuple[str, ...]
) -> Iterator[str]:
    """Variables of ours that mean nothing; small letters mean nothing either."""
    for name in sorted(environment):
        if name.upper().startswith(prefix) and name not in known and not name.startswith(others):
            yield name


def _did_you_mean(name: str, prefix: str, known: Collection[str]) -> str:
    names = [variable.removeprefix(prefix) for variable in known]
    hint = did_you_mean(name.upper().removeprefix(prefix), names)
    return f"unknown setting {name}" + hint.replace("did you mean ", f"did you mean {prefix}")


def _sentence(problem: Mapping[str, Any], prefix: str) -> str:
    """What is wrong with a setting, and what it is; of an address, without its password."""
    message = str(problem["msg"]).removeprefix("Value error, ")
    where = "_".join(str(part) for part in problem["loc"]).upper()
    given = problem.get("input")
    if isinstance(given, str):
        given = safe_url(given) if "://" in given else re.sub(r".*@", "***@", given)
    return f"{prefix}{where}: {message} (is {given!r})" if where else message
