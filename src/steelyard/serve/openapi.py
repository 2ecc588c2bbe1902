"""The OpenAPI document of one product: what each route takes and answers, as it is. Knows no work.

Example: `describe(app, service, key=True); app.openapi()["components"]["securitySchemes"]`
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from steelyard.serve.events import TYPE
from steelyard.serve.schema import (
    Asked,
    ConversionRequest,
    ErrorResponse,
    FeedbackRequest,
    PredictRequest,
    VisitRequest,
)
from steelyard.serve.service import Service
from steelyard.serve.streaming import WRITTEN

_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_COUNTED: dict[str, type[Asked]] = {
    "/v1/visits": VisitRequest,
    "/v1/conversions": ConversionRequest,
}
_BODY = {"schema": {"type": "string", "format": "binary"}}  # that is one value by itself


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Refusals of a route, all in one form."""
    return {status: {"model": ErrorResponse} for status in statuses}


def describe(app: FastAPI, service: Service, *, key: bool) -> None:
    """Let the application answer /openapi.json with what is true of this product."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_document(app, service, key=key))
        return made

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI, service: Service, *, key: bool) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    media, written = service.content.media, service.task.answer == WRITTEN
    predict, feedback = (
        document["paths"][f"/v1/{name}"]["post"] for name in ("predict", "feedback")
    )
    asked, right = service.task.wire().example or ("...", "...")
    shown = {"input": asked, "user": "u1", "request_id": "r1"}
    json_body = {"application/json": {"schema": _predict(service), "example": shown}}
    predict["requestBody"] = {
        "required": True,
        "content": json_body | ({media: _BODY} if media else {}),
    }
    if written:
        events = {"schema": {"type": "string", "description": "events: piece, answer, error"}}
        predict["responses"]["200"]["content"][TYPE] = events
    if media:
        predict["parameters"] = [_header("X-User", 200), _header("X-Request-Id", 64)]
    schema, wire = FeedbackRequest.model_json_schema(), service.task.wire()
    schema["properties"]["value"] = {"anyOf": [wire.truth, {"type": "string", "minLength": 1}]}
    answer = document["components"]["schemas"]["PredictResponse"]["properties"]["answers"]
    fields = {"answer_id": {"type": "string"}, **wire.answer}
    answer["items"] = {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
    feedback["requestBody"] = {
        "required": True,
        "content": {
            "application/json": {
                "schema": schema,
                "example": {"answer_id": "...", "kind": "outcome", "value": right},
            }
        },
    }
    _counted(document)
    if not service.product.spec.market.partners:
        del predict["responses"]["429"]
    for operation in (o["post"] for o in document["paths"].values() if "post" in o):
        if key:
            operation["security"] = [{name: []} for name in _SECURITY]
        else:
            operation["responses"].pop("401")
    for operations in document["paths"].values():
        for operation in operations.values():
            _retry_after(operation["responses"])
    if key:
        document["components"]["securitySchemes"] = _SECURITY
    return document


def _counted(document: dict[str, Any]) -> None:
    """What the routes that count take, where there are any."""
    for path, model in _COUNTED.items():
        if path in document["paths"]:
            schema = {"application/json": {"schema": model.model_json_schema()}}
            document["paths"][path]["post"]["requestBody"] = {"required": True, "content": schema}


def _predict(service: Service) -> dict[str, Any]:
    """One of `input` and `inputs`, and no more inputs than this server takes."""
    schema = PredictRequest.model_json_schema()
    fields = schema["properties"]
    value = service.task.wire().input or dict(service.content.schema)
    many = {"type": "array", "items": value, "minItems": 1, "maxItems": service.settings.items_max}
    null = {"type": "null"}
    del fields["input"], fields["inputs"]
    if service.task.answer != WRITTEN:
        del fields["stream"]
    first = {"properties": {"input": value, "inputs": null}, "required": ["input"]}
    second = {"properties": {"input": null, "inputs": many}, "required": ["inputs"]}
    names = fields | {"input": {}, "inputs": {}}
    return schema | {"properties": names, "oneOf": [first, second]}


def _header(name: str, length_max: int) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": length_max, "pattern": "^[!-~]*$"}
    return {"name": name, "in": "header", "required": False, "schema": schema}


def _retry_after(answers: dict[str, Any]) -> None:
    schema = {"type": "integer", "minimum": 1}
    said = "seconds until it is worth to ask again"
    for status in {"429", "503"} & answers.keys():
        answers[status]["headers"] = {"Retry-After": {"schema": schema, "description": said}}
