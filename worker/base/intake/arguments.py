"""Arguments of the engine's own tasks, checked against what their functions say they take."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from worker.base.validation_errors import by_field, unstorable


def check_arguments(
    run: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> None:
    """Raises ValueError, naming every argument of another type; TypeError for their number."""
    signature, model = _declared(getattr(run, "__func__", run))
    given = signature.bind(*args, **kwargs).arguments
    if texts := unstorable(given):
        raise ValueError("; ".join(f"{k}: {why}" for k, why in texts.items()))
    try:
        model.model_validate({f"{_NO_CLASH}{name}": value for name, value in given.items()})
    except ValidationError as error:
        named = {k.removeprefix(_NO_CLASH): why for k, why in by_field(error).items()}
        raise ValueError("; ".join(f"{k}: {why}" for k, why in named.items())) from None


_NO_CLASH = "of_"
"""Before each name, so that none is one of pydantic's."""


@cache
def _declared(function: Callable[..., Any]) -> tuple[inspect.Signature, type[BaseModel]]:
    signature = inspect.signature(function, eval_str=True)
    parameters = [p for p in signature.parameters.values() if p.name != "self"]
    fields: dict[str, Any] = {
        f"{_NO_CLASH}{p.name}": (p.annotation, ... if p.default is p.empty else p.default)
        for p in parameters
    }
    config = ConfigDict(strict=True, arbitrary_types_allowed=True)
    model = create_model("Arguments", __config__=config, **fields)
    return signature.replace(parameters=parameters), model
