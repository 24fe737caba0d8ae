"""The API's description (OpenAPI 3.1), made from the commands themselves so that it can't drift from them."""

from __future__ import annotations

import dataclasses
import types
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from console import __version__
from console.show.commands import COMMANDS
from console.show.world import Camera, DataFeed, Element, Field, LensRow, Person, Title, TrackingInput
from console.wire.tier import Tier

_TYPES: dict[Any, dict[str, Any]] = {
    str: {"type": "string", "maxLength": 4096},
    int: {"type": "integer", "minimum": -(2**53), "maximum": 2**53},
    float: {"type": "number"},
    bool: {"type": "boolean"},
}
_TEXT = {"type": "string"}
_PARTS = (Camera, DataFeed, Element, Field, LensRow, Person, Title, TrackingInput)


def _schema(hint: Any) -> dict[str, Any]:
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _schema(get_args(hint)[0])}
    if dataclasses.is_dataclass(hint):
        return {"$ref": f"#/components/schemas/{hint.__name__}"}  # type: ignore[union-attr]
    if get_origin(hint) in (Union, types.UnionType):
        plain = next(kind for kind in get_args(hint) if kind is not type(None))
        return {"anyOf": [_schema(plain), {"type": "null"}]}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"type": "string", "enum": [str(value) for value in hint]}
    return _TYPES[hint]


def _fields(kind: type) -> tuple[dict[str, Any], list[str]]:
    """The schemas of a dataclass's fields, and the names of those that must be given."""
    hints, fields = get_type_hints(kind), dataclasses.fields(kind)
    needed = [field.name for field in fields if field.default is dataclasses.MISSING]
    return {field.name: _schema(hints[field.name]) for field in fields}, needed


def _part_schema(kind: type) -> dict[str, Any]:
    """A part of the show that commands carry."""
    fields, needed = _fields(kind)
    told = {"type": "object", "title": kind.__name__, "description": (kind.__doc__ or "").strip()}
    return told | {"properties": fields, "required": needed, "additionalProperties": False}


def _command_schema(name: str, kind: type) -> dict[str, Any]:
    fields, needed = _fields(kind)
    envelope = {
        "command": {"const": name},
        "id": {"type": "string", "minLength": 1, "maxLength": 128, "description": "The same id twice acts once"},
        "client": {"type": "string", "maxLength": 80, "description": "Who asks, for the as-run log"},
        "at": {"anyOf": [_TYPES[int], {"type": "null"}], "description": "The frame at which to act; else the next"},
    }
    return {
        "type": "object",
        "title": name,
        "description": (kind.__doc__ or "").strip(),
        "properties": envelope | fields,
        "required": ["command", *needed],
        "additionalProperties": False,
    }


def _json(schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _by_id(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": schema}


def _or_null(schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}], "description": text}


def _source() -> dict[str, Any]:
    count: dict[str, Any] = {"type": "integer", "minimum": 0}
    tiers = [tier.name.lower() for tier in Tier]
    return _object(
        **{"in": count}, drop=count, out=count, duplicate=count, age_ms={"type": "integer"}, fps={"type": "number"},
        overlay_late=count | {"description": "Frames on program with the graphics of a picture before theirs"},
        overlay_missing=count | {"description": "Frames on program whose graphics did not come"},
        state=_TEXT, tier={"enum": tiers, "description": "How far its pictures are decoded"},
        cost=_or_null({"type": "number", "minimum": 0}, "Share of a core that it takes, when it is known"),
        hot_in_frames=_or_null(count, "How many frames a cut to it would wait for its picture, when it is known"),
    )  # fmt: skip


def _decoding() -> dict[str, Any]:
    cores = {"type": "number", "minimum": 0}
    count: dict[str, Any] = {"type": "integer", "minimum": 0}
    return _object(
        cost=cores | {"description": "Cores that all sources take"},
        budget=cores | {"description": "Cores that sources off program may take"},
        busy={"type": "number", "minimum": 0, "maximum": 1, "description": "Share of the machine in use"},
        cores={"type": "integer", "minimum": 1},
        shedding={"type": "boolean", "description": "Less is decoded than is looked at"},
        headroom=_object(active=count, key=count)
        | {"description": "How many more sources like those that are there would fit at a tier"},
    )


def _graphics() -> dict[str, Any]:
    anything = {"type": "object"}
    running = _object(
        state={"enum": ["starting", "running", "away"]},
        tracking=_by_id(anything) | {"description": "What comes in, by tracking input"},
        cameras=_by_id(anything) | {"description": "How each camera's graphics are, by source"},
        subjects={"type": "integer", "minimum": 0, "description": "Who is seen by tracking now"},
        feeds=_by_id(anything) | {"description": "How each data feed is"},
        render_ms={"type": "number", "description": "Median time to draw one picture's graphics"},
        troubles={"type": "array", "items": _TEXT},
    )
    return _or_null(running, "The graphics process; null while the set-up has nothing for it")


def description() -> dict[str, Any]:
    """The OpenAPI document."""
    error = _object(error={"type": "string"})
    reject = _object(reject=_object(id={"type": "string"}, reason={"type": "string"}))
    number = {"type": "integer"}
    ack = _object(ack=_object(id={"type": "string"}, frame=number, rev=number))
    unauthorized = {"401": _json(error, "No token, or one that is not known")}
    anything = {"type": "object"}
    status = _object(
        frame=number, format={"type": "string"}, on_air={"type": "boolean"}, sources=_by_id(_source()),
        outputs=anything, log=anything, processes=anything, decoding=_decoding(), graphics=_graphics(),
        alarms={"type": "array", "items": _object(id=_TEXT, severity=_TEXT, text=_TEXT)},
    )  # fmt: skip
    commands = {name: _command_schema(name, kind) for name, kind in COMMANDS.items()}
    one_of = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in commands]}
    answers = {
        "200": _json(ack, "Applied; `frame` is the first that shows it"),
        "400": _json(reject, "Not a command"),
        "403": _json(reject, "The role does not allow it"),
        "409": _json(reject, "Refused, nothing changed"),
        "413": _json(error, "Too large"),
        **unauthorized,
    }
    page = {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}}
    upgrade = {"101": {"description": "Snapshot, then patches and status"}, "426": _json(error, "Not a WebSocket")}
    paths = {
        "/command": {
            "post": {
                "operationId": "command",
                "requestBody": {"required": True, "content": {"application/json": {"schema": one_of}}},
                "responses": answers,
            }
        },
        "/status": _get("status", {"200": _json(status, "What is measured now"), **unauthorized}),
        "/show": _get("show", {"200": _json(anything, "The show"), **unauthorized}),
        "/metrics": _get("metrics", {"200": page, **unauthorized}),
        "/live": _get("live", {**upgrade, **unauthorized}),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Podium engine", "version": __version__, "license": {"name": "GPL-3.0-or-later"}},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": commands | {kind.__name__: _part_schema(kind) for kind in _PARTS},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _get(name: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"operationId": name, "responses": responses}}
