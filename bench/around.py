"""What a server adds to a model: its CPU a request, beside FastAPI and Starlette alone with the same model.

`python bench/around.py [--quick]`. CPU is that of the server's process, user and system, over the requests it answered;
the model's own is measured in a process by itself, on the same texts one by one, and taken off. steelyard writes every
answer to the disk before it is acknowledged; the other two write nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psutil
from common import machine, save
from pydantic import BaseModel

from serving import bodies, make, post, serving, wait_for

PORTS = {"fastapi": 18_771, "starlette": 18_772}
CLIENTS = (1, 32)


class Asked(BaseModel):
    input: str


def alone(kind: str, folder: Path) -> None:
    """The app one would write by hand with either."""
    import uvicorn

    from steelyard.engine.model import open_model

    model = open_model(folder)

    def said(value: str) -> dict[str, object]:
        answer = model.answers([model.task.decode(value)])[0]
        return {"label": answer.value, "score": answer.score, "scores": answer.detail}

    uvicorn.run(APPS[kind](said), port=PORTS[kind], log_level="warning", access_log=False)


def _fastapi(said):
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        return {}

    @app.post("/v1/predict")
    async def predict(asked: Asked) -> dict[str, object]:
        return said(asked.input)

    return app


def _starlette(said):
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def readyz(_):
        return JSONResponse({})

    async def predict(request):
        return JSONResponse(said((await request.json())["input"]))

    return Starlette(
        routes=[Route("/readyz", readyz), Route("/v1/predict", predict, methods=["POST"])]
    )


APPS = {"fastapi": _fastapi, "starlette": _starlette}


@contextmanager
def by_hand(kind: str, artifact: Path) -> Iterator[tuple[str, psutil.Process]]:
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from pathlib import Path; import around; around.alone({kind!r}, Path({str(artifact)!r}))"
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        url = f"http://127.0.0.1:{PORTS[kind]}"
        wait_for(f"{url}/readyz", of=process)
        yield url, psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def _served(url: str) -> psutil.Process:
    """The process that listens there."""
    port = int(url.rsplit(":", 1)[1])
    return next(
        psutil.Process(c.pid)
        for c in psutil.net_connections("tcp")
        if c.status == "LISTEN" and c.laddr.port == port and c.pid
    )


def load(url: str, clients: int, seconds: float) -> int:
    """Requests that so many clients had answered, each waiting for its answer."""
    host, port = url.removeprefix("http://").split(":")
    sent, done, end = bodies(pictures=False), [0] * clients, time.monotonic() + seconds

    def one(i: int) -> None:
        connection, at = HTTPConnection(host, int(port), timeout=60), i
        while time.monotonic() < end:
            done[i] += post(connection, sent[at % len(sent)]) == 200
            at += clients

    threads = [threading.Thread(target=one, args=(i,)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done)


def cpu_ms(url: str, process: psutil.Process, clients: int, seconds: float) -> tuple[float, float]:
    """(CPU ms a request of the server, requests a second)."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import around; print(around.load({url!r}, {clients}, {seconds}))"
    before = process.cpu_times()
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    after, n = process.cpu_times(), int(said.stdout)
    spent = after.user + after.system - before.user - before.system
    return spent * 1000 / max(1, n), n / seconds


def model_ms(artifact: Path) -> float:
    """CPU of the model for one text, read and answered alone."""
    code = f"""
import json, sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from serving import texts
from steelyard.engine.model import open_model
model = open_model(Path({str(artifact)!r}))
said = [text for text, _ in texts(200, seed=1)]
for _ in range(2):
    before = time.process_time()
    for text in said * 5:
        model.task.sent(model.answers([model.task.decode(text)])[0])
    took = time.process_time() - before
print(took * 1000 / len(said) / 5)
"""
    return float(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    asked, state = parser.parse_args(), machine()
    seconds, rounds = (3.0, 1) if asked.quick else (10.0, 3)
    with tempfile.TemporaryDirectory() as folder:
        product = make(sys.executable, Path(folder))
        (artifact,) = (
            p
            for p in (Path(folder) / ".steelyard/artifacts").iterdir()
            if (p / "config.json").is_file()
        )
        own = model_ms(artifact)
        seen: dict[str, dict[int, list[tuple[float, float]]]] = {}
        with (
            serving(sys.executable, product) as (ours, _),
            by_hand("fastapi", artifact) as fast,
            by_hand("starlette", artifact) as bare,
        ):
            servers = {"steelyard": (ours, _served(ours)), "fastapi": fast, "starlette": bare}
            for url, process in servers.values():
                cpu_ms(url, process, 8, seconds / 2)  # warm
            for _ in range(rounds):
                for name, (url, process) in servers.items():
                    for clients in CLIENTS:
                        seen.setdefault(name, {}).setdefault(clients, []).append(
                            cpu_ms(url, process, clients, seconds)
                        )
    figures = {"model_alone_cpu_ms": round(own, 3)} | {
        name: {
            f"around_the_model_ms_at_{clients}": round(min(ms for ms, _ in rows) - own, 3)
            for clients, rows in by.items()
        }
        | {
            f"requests_a_second_at_{clients}": round(max(n for _, n in rows))
            for clients, rows in by.items()
        }
        for name, by in seen.items()
    }
    save("around", "python bench/around.py", figures, state)
    print(json.dumps({n: dict(by) for n, by in seen.items()}), file=sys.stderr)


if __name__ == "__main__":
    main()
