"""A request whose answer is told while it is written. Knows no HTTP.

Example: `async for piece in await stream(service, asked, service.predict): ...` yields texts, and last the response
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from steelyard.errors import RequestError
from steelyard.serve.asked import Asked
from steelyard.serve.schema import PredictResponse
from steelyard.serve.service import Service

WRITTEN = "text"  # the kind of answers that are written piece by piece


async def stream(
    service: Service, asked: Asked, answer: Callable[[Asked], Awaitable[PredictResponse]]
) -> AsyncGenerator[str | PredictResponse, None]:
    """Pieces, and last the response of `answer`, whose rows are on the disk. Comes back with the first of
    them, so that a refusal is told by its status. A caller who goes away ends the writing, unless a retry
    with the same request id may come for the answer."""
    _check(service, asked)
    heard = _Heard(asyncio.get_running_loop())
    answering = asyncio.ensure_future(answer(replace(asked, listener=heard)))
    answering.add_done_callback(heard.ends)
    first = await heard.text()
    if first is None and (error := answering.exception()) is not None:
        raise error
    return _told(heard, answering, first, keeps=asked.request_id is not None)


async def _told(
    heard: _Heard, answering: asyncio.Future[PredictResponse], text: str | None, *, keeps: bool
) -> AsyncGenerator[str | PredictResponse, None]:
    try:
        while text is not None:
            yield text
            text = await heard.text()
        yield answering.result()
    finally:
        heard.gone = not keeps


def _check(service: Service, asked: Asked) -> None:
    if service.task.answer != WRITTEN:
        raise RequestError(
            422,
            "stream",
            "a task that writes texts",
            f"{service.task.name}, whose answers come at once",
            "leave it out",
        )
    if len(asked.values) != 1:
        raise RequestError(
            422,
            "inputs",
            "one input, to be streamed",
            str(len(asked.values)),
            "send a request each",
        )


class _Heard:
    """What the thread that writes has said and nobody has taken yet."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.gone = False
        self._loop, self._waiting = loop, asyncio.Queue[str | None]()

    def __call__(self, piece: str) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._waiting.put_nowait, piece)

    def ends(self, answering: asyncio.Future[PredictResponse]) -> None:
        if not answering.cancelled():
            answering.exception()  # asked for, whether or not anybody is left to hear it
        self._waiting.put_nowait(None)

    async def text(self) -> str | None:
        """Everything that was said meanwhile, at least one piece; None behind the last."""
        said = await self._waiting.get()
        while said is not None and not self._waiting.empty():
            more = self._waiting.get_nowait()
            if more is None:
                self._waiting.put_nowait(None)
                break
            said += more
        return said
