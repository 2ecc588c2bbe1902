"""One keep-alive client: `steelyard serve` beside a plain FastAPI app with the same model.

`python bench/latency.py [--variant FOLDER ...] [--quick]`; a variant is a published artifact
(`.steelyard/artifacts/ID` after a turn); without one a baseline is fitted on the spot. Both servers
stay up and are asked in turns, so that the machine's other work falls on both.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from common import machine, save
from pydantic import BaseModel

from serving import bodies, make, percentiles, post, serving, wait_for

PLAIN_PORT = 18_766


class Asked(BaseModel):
    input: str


def plain(folder: Path) -> None:
    """The app one would write by hand: nothing durable, no batch, no limit."""
    import uvicorn
    from fastapi import FastAPI

    from steelyard.engine.model import open_model

    predictor = open_model(folder)

    app = FastAPI()

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        return {}

    @app.post("/v1/predict")
    async def predict(asked: Asked) -> dict[str, object]:
        answer = predictor.answers([predictor.task.decode(asked.input)])[0]
        return {"label": answer.value, "score": answer.score, "scores": answer.detail}

    uvicorn.run(app, port=PLAIN_PORT, log_level="warning", access_log=False)


@contextmanager
def plainly(artifact: Path):
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from pathlib import Path; import latency; latency.plain(Path({str(artifact)!r}))"
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        url = f"http://127.0.0.1:{PLAIN_PORT}"
        wait_for(f"{url}/readyz")
        yield url
    finally:
        process.kill()
        process.wait()


def ask(connection: HTTPConnection, n: int, sent: list[bytes]) -> list[float]:
    taken = []
    for i in range(n):
        before = time.perf_counter()
        assert post(connection, sent[i % len(sent)]) == 200
        taken.append((time.perf_counter() - before) * 1000)
    return taken


def compare(variant: Path | None, *, rounds: int, requests: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        options = ["--variant", str(variant)] if variant else []
        product = make(sys.executable, Path(folder), *options)
        (artifact,) = (
            p
            for p in (Path(folder) / ".steelyard/artifacts").iterdir()
            if (p / "config.json").is_file()
        )
        with serving(sys.executable, product) as (ours, _), plainly(artifact) as theirs:
            clients = {
                name: HTTPConnection(*url.removeprefix("http://").split(":"), timeout=60)
                for name, url in (("steelyard", ours), ("plain_fastapi", theirs))
            }
            taken: dict[str, list[float]] = {name: [] for name in clients}
            sent = bodies(pictures=False)
            for client in clients.values():
                ask(client, requests, sent)  # warm shapes, warm caches
            for _ in range(rounds):
                for name, client in clients.items():
                    taken[name] += ask(client, requests, sent)
    figures: dict[str, object] = {name: percentiles(t) for name, t in taken.items()}
    p50 = {name: percentiles(t)["p50_ms"] for name, t in taken.items()}
    return figures | {"p50_above_plain_ms": round(p50["steelyard"] - p50["plain_fastapi"], 2)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", type=Path, action="append", default=[])
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    state = machine()
    rounds, requests = (4, 50) if asked.quick else (20, 200)
    figures = {"baseline": compare(None, rounds=rounds, requests=requests)}
    for variant in asked.variant:
        figures[variant.name] = compare(variant, rounds=rounds, requests=requests)
    save(
        "latency",
        f"python bench/latency.py{' --variant FOLDER' * len(asked.variant)}",
        figures,
        state,
    )


if __name__ == "__main__":
    main()
