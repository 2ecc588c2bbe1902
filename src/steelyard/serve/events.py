"""What is told while it is written, as server-sent events (the HTML standard's section of that name).

Knows no service. Example: `return as_events(pieces, told)`
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from starlette.responses import Response, StreamingResponse

from steelyard.serve.direct import log_fault

TYPE = "text/event-stream"


def as_events(
    said: AsyncGenerator[Any, None], told: Callable[[Exception], Response]
) -> StreamingResponse:
    """Texts and last a response, as `serve.streaming` tells them: `piece` with its text, last `answer` with
    the whole; `error` where it breaks off, since its status has long been sent."""
    # no proxy may keep pieces back, or the whole for another request
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(said, told), media_type=TYPE, headers=headers)


async def _events(
    said: AsyncGenerator[Any, None], told: Callable[[Exception], Response]
) -> AsyncIterator[bytes]:
    try:
        async with aclosing(said):
            async for one in said:
                if isinstance(one, str):
                    yield _event("piece", json.dumps({"text": one}, ensure_ascii=False))
                else:
                    yield _event("answer", one.model_dump_json())
    except Exception as error:
        response = told(error)
        if response.status_code == 500:
            log_fault("/v1/predict", error)
        yield _event("error", bytes(response.body).decode())


def _event(name: str, data: str) -> bytes:
    """JSON has no line breaks of its own, so that it is one line of data."""
    return f"event: {name}\ndata: {data}\n\n".encode()
