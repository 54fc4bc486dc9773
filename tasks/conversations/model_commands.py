"""Handlers of voice and face models: the same rules on two tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from models.conversations import rules
from models.conversations.commands import ActivateModel, DeleteModel, RegisterModel
from models.conversations.events import (
    FaceModelActivated,
    FaceModelDeleted,
    FaceModelRegistered,
    ModelActivated,
    ModelDeleted,
    ModelRegistered,
    VoiceModelActivated,
    VoiceModelDeleted,
    VoiceModelRegistered,
)
from models.conversations.write import face_models, users, voice_models
from tasks.conversations.rights import own
from worker import LoadRows, State, Work, command, lock, read
from worker.contracts.tables import named


def _new(table: sa.Table) -> Callable[[RegisterModel], tuple[LoadRows, ...]]:
    return lambda c: (lock(users, c.user_id), read(table, c.model_id))


def _all(table: sa.Table) -> Callable[[ActivateModel | DeleteModel], tuple[LoadRows, ...]]:
    return lambda c: (lock(users, c.user_id), lock(table, user_id=c.user_id))


@command(
    "voice_model.register",
    RegisterModel,
    may_send=own,
    emits=(VoiceModelRegistered,),
    needs=_new(voice_models),
)
def register_voice_model(c: RegisterModel, state: State, work: Work) -> dict[str, Any]:
    """Adds a voice model."""
    return _register(voice_models, VoiceModelRegistered, c, state, work)


@command(
    "face_model.register",
    RegisterModel,
    may_send=own,
    emits=(FaceModelRegistered,),
    needs=_new(face_models),
)
def register_face_model(c: RegisterModel, state: State, work: Work) -> dict[str, Any]:
    """Adds a face model."""
    return _register(face_models, FaceModelRegistered, c, state, work)


@command(
    "voice_model.activate",
    ActivateModel,
    may_send=own,
    emits=(VoiceModelActivated,),
    needs=_all(voice_models),
)
def activate_voice_model(c: ActivateModel, state: State, work: Work) -> dict[str, Any]:
    """Lets a user speak with this voice, and with no other."""
    return _activate(voice_models, VoiceModelActivated, c, state, work)


@command(
    "face_model.activate",
    ActivateModel,
    may_send=own,
    emits=(FaceModelActivated,),
    needs=_all(face_models),
)
def activate_face_model(c: ActivateModel, state: State, work: Work) -> dict[str, Any]:
    """Lets a user show this face, and no other."""
    return _activate(face_models, FaceModelActivated, c, state, work)


@command(
    "voice_model.delete",
    DeleteModel,
    may_send=own,
    emits=(VoiceModelDeleted,),
    needs=_all(voice_models),
)
def delete_voice_model(c: DeleteModel, state: State, work: Work) -> dict[str, Any]:
    """Deletes a voice model; its row stays."""
    return _delete(voice_models, VoiceModelDeleted, c, state, work)


@command(
    "face_model.delete",
    DeleteModel,
    may_send=own,
    emits=(FaceModelDeleted,),
    needs=_all(face_models),
)
def delete_face_model(c: DeleteModel, state: State, work: Work) -> dict[str, Any]:
    """Deletes a face model; its row stays."""
    return _delete(face_models, FaceModelDeleted, c, state, work)


def _register(
    table: sa.Table, kind: type[ModelRegistered], c: RegisterModel, state: State, work: Work
) -> dict[str, Any]:
    user, model = state.get(users, c.user_id), state.get(table, c.model_id)
    event = rules.register_model(c, kind, user=user, model=model, now=state.now)
    work.insert(table, named(table, event))
    work.emit(_stream(table, event.model_id), event)
    return {"model_id": c.model_id}


def _activate(
    table: sa.Table, kind: type[ModelActivated], c: ActivateModel, state: State, work: Work
) -> dict[str, Any]:
    user, models = state.get(users, c.user_id), state.find(table, user_id=c.user_id)
    event = rules.activate_model(c, kind, user=user, models=models, now=state.now)
    if event.replaces is not None:
        work.update(table, event.replaces, active=False)
    work.update(table, c.model_id, active=True, activated_at=event.activated_at)
    work.emit(_stream(table, event.model_id), event)
    return {"model_id": c.model_id, "replaces": event.replaces}


def _delete(
    table: sa.Table, kind: type[ModelDeleted], c: DeleteModel, state: State, work: Work
) -> dict[str, Any]:
    user, models = state.get(users, c.user_id), state.find(table, user_id=c.user_id)
    by = work.actor.name
    event = rules.delete_model(c, kind, user=user, models=models, by=by, now=state.now)
    deleted = {"deleted_at": event.deleted_at, "deleted_by": by}
    work.update(table, c.model_id, status="deleted", active=False, **deleted)
    work.emit(_stream(table, event.model_id), event)
    return {"model_id": c.model_id, "deleted_at": event.deleted_at}


def _stream(table: sa.Table, model_id: object) -> str:
    return f"{table.name.removesuffix('s')}-{model_id}"
