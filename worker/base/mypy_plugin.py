"""A plugin for mypy: it knows the fields in a call that has options of ours as well.

    [tool.mypy]
    plugins = ["pydantic.mypy", "worker.base.mypy_plugin"]

Python's types say what a call takes that has nothing but fields: `.delay(customer_id=…)`,
`.ask(status=…)`. They cannot say "these options, and the fields of that model", since nothing may
stand between a ParamSpec's two halves. So `.ask(after=receipt, status=…)` and
`.enqueue(session, key=…, customer_id=…)` take any name and any value, as far as a type checker can
tell by itself. With this plugin mypy puts the fields there. It changes nothing else, and nothing
that is right without it is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable

from mypy.nodes import ARG_STAR, ARG_STAR2, ArgKind
from mypy.plugin import MethodSigContext, Plugin
from mypy.types import CallableType, FunctionLike, Instance, Parameters, get_proper_type

_CALLS = {
    "worker.commands.command.CommandTask.enqueue",
    "worker.commands.command.CommandTask.aenqueue",
    "worker.queries.query.Query.ask",
    "worker.queries.query.Query.aask",
}
_KINDS = {True: ArgKind.ARG_NAMED, False: ArgKind.ARG_NAMED_OPT}


class FieldsBesideOptions(Plugin):
    """Hooks into the calls that take options and fields."""

    def get_method_signature_hook(
        self, fullname: str
    ) -> Callable[[MethodSigContext], FunctionLike] | None:
        """Called by mypy for each method that is called."""
        return _with_fields if fullname in _CALLS else None


def _with_fields(context: MethodSigContext) -> FunctionLike:
    """This overload, with the fields in place of `**fields: Any`."""
    signature, fields = context.default_signature, _fields(context)
    if fields is None or ARG_STAR2 not in signature.arg_kinds:
        return signature
    place = signature.arg_kinds.index(ARG_STAR2)
    return signature.copy_modified(
        arg_types=[*signature.arg_types[:place], *fields.arg_types],
        arg_names=[*signature.arg_names[:place], *fields.arg_names],
        arg_kinds=[
            *signature.arg_kinds[:place],
            *(_KINDS[kind.is_required()] for kind in fields.arg_kinds),
        ],
    )


def _fields(context: MethodSigContext) -> CallableType | Parameters | None:
    """What the model's constructor, or the query's function, takes by name; None if unknown."""
    called = get_proper_type(context.type)
    if not isinstance(called, Instance):
        return None
    fields = next((get_proper_type(arg) for arg in called.args[1:]), None)
    if not isinstance(fields, Parameters) or {ARG_STAR, ARG_STAR2}.intersection(fields.arg_kinds):
        return None
    return fields if all(fields.arg_names) else None


def plugin(version: str) -> type[Plugin]:
    """Called by mypy, with its version."""
    return FieldsBesideOptions
