"""What the benches of the server share: a product, a server by command, and clients of their own.

`PYTHON bench/serving.py prepare FOLDER [--variant FOLDER] [--pictures] [--goal MS]` makes a product
with one live release, with whichever version of steelyard that interpreter has.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import random
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

PRODUCT = """product: bench
task: {{name: {task}, labels: [{labels}]}}
{goals}money: {{currency: CNY, prices: {{label: 0.3, cpu_hour: 0.3}}, correct_answer: 0.01}}
data: {{sources: [{{path: none.csv, reader: csv, label: label}}]}}
"""
GOOD = ["质量很好", "物流很快", "非常满意", "味道不错", "great value", "lovely"]
BAD = ["质量太差", "物流很慢", "非常失望", "味道难吃", "poor value", "awful"]


def texts(n: int, *, seed: int = 0) -> list[tuple[str, str]]:
    """Short reviews with their label, of unlike lengths."""
    rng, made = random.Random(seed), []
    for i in range(n):
        label, words = rng.choice([("positive", GOOD), ("negative", BAD)])
        said = "，".join(rng.choices(words, k=rng.randint(1, 12)))
        made.append((f"{said} {i}", label))
    return made


def picture(side: int, *, level: int = 0, mode: str = "L") -> bytes:
    """A PNG of one shade, which packs to almost nothing (mode "1": to even less)."""
    from PIL import Image

    out = io.BytesIO()
    Image.new(mode, (side, side), level).save(out, "PNG", optimize=True)
    return out.getvalue()


def prepare(folder: Path, *, variant: Path | None, pictures: bool, goal_ms: float | None) -> None:
    """A product file and its store, with `variant` (or a baseline fitted here) live."""
    from steelyard.engine.model import task_in
    from steelyard.spec import load
    from steelyard.store import Store
    from steelyard.tasks import open_task

    task = "image_classification" if pictures else "text_classification"
    labels = ["dark", "light"] if pictures else ["negative", "positive"]
    if variant is not None:
        config = json.loads((variant / "config.json").read_text(encoding="utf-8"))
        task, labels = config["task"], task_in(config).options.labels
    goals = f"goals: {{p95_ms: {goal_ms}}}\n" if goal_ms else ""
    path = folder / "product.yaml"
    quoted = ", ".join(json.dumps(label, ensure_ascii=False) for label in labels)
    (folder / "none.csv").write_text("text,label\n", encoding="utf-8")
    path.write_text(PRODUCT.format(task=task, labels=quoted, goals=goals), encoding="utf-8")
    store = Store.open(load(path))
    identity = _publish(store, open_task(task, {"labels": labels}), variant)
    who = {"product": store.product, "reason": "bench", "who": "bench"}

    def work(step):
        step.add(
            "dataset",
            id="d",
            product=store.product,
            version=1,
            tag="d",
            sources=[],
            recipe={},
            counts=[],
        )
        step.add(
            "variant",
            id=identity,
            name="bench",
            task=task,
            parent=None,
            dataset="d",
            bytes=1,
            card={},
        )
        step.add("release", variant=identity, state="live", share=1.0, **who)
        return {}

    store.step(store.begin_turn("bench"), "bench", identity, work, cpu_price=0)
    store.close()


def _publish(store, task, variant: Path | None) -> str:
    from steelyard.clock import Clock
    from steelyard.engine.fit import Examples
    from steelyard.methods import FitJob, method_named
    from steelyard.spec.model import Train

    with store.artifacts.draft() as draft:
        if variant is not None:
            for file in variant.iterdir():
                if file.name != "manifest.json":
                    shutil.copy(file, draft / file.name)
            return store.artifacts.publish(draft)
        if task.content == "image":
            rows = [(picture(24, level=20 * i), task.labels[i > 5]) for i in range(12)]
        else:
            rows = texts(400)
        examples = Examples([content for content, _ in rows], [label for _, label in rows])
        job = FitJob(task, Train(), examples, folder=draft, clock=Clock())
        method_named("linear").fit(job).save(draft)
        return store.artifacts.publish(draft)


def make(python: str, folder: Path, *options: str) -> Path:
    """`prepare` in an interpreter of its own; the product file."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([python, __file__, "prepare", str(folder), *options], check=True)
    return folder / "product.yaml"


@contextmanager
def serving(python: str, product: Path, *, open_files: int | None = None):
    """(url, path of its log) of `steelyard serve`, once it is ready."""
    command = [python, "-m", "steelyard", "serve", str(product), "--port", "0"]
    if open_files is not None:
        command = ["bash", "-c", f'ulimit -n {open_files}; exec "$@"', "bash", *command]
    path = product.parent / f"log-{hashlib.sha256(str(time.time()).encode()).hexdigest()[:8]}"
    with path.open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            url = process.stdout.readline().split(" on ")[1].split(" ")[0]
            wait_for(f"{url}/readyz")
            yield url, path
        finally:
            process.kill()
            process.wait()


def started(product: Path, port: int) -> subprocess.Popen[bytes]:
    """`steelyard serve` of this interpreter on `port`, once it is ready; the caller ends it."""
    command = [sys.executable, "-m", "steelyard", "serve", str(product), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/readyz", of=process)
    except SystemExit:
        process.kill()
        raise
    return process


def wait_for(url: str, *, seconds: float = 120, of: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and (of is None or of.poll() is None):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} did not answer")


def post(connection: HTTPConnection, body: bytes, path: str = "/v1/predict") -> int:
    connection.request("POST", path, body=body, headers={"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    return response.status


def bodies(*, pictures: bool) -> list[bytes]:
    """What a usual user sends."""
    if pictures:
        return [
            json.dumps({"input": base64.b64encode(picture(64, level=9 * i)).decode()}).encode()
            for i in range(20)
        ]
    return [
        json.dumps({"input": text}, ensure_ascii=False).encode() for text, _ in texts(200, seed=1)
    ]


def bystand(url: str, *, seconds: float, pause_s: float, fresh: bool, pictures: bool) -> dict:
    """One user who asks, pauses, asks; `fresh` opens a connection for every request."""
    host, port = url.removeprefix("http://").split(":")
    sent, taken, failed = bodies(pictures=pictures), [], 0
    connection, at = None, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = time.perf_counter()
        try:
            if connection is None or fresh:
                connection = HTTPConnection(host, int(port), timeout=60)
            status = post(connection, sent[at % len(sent)])
            failed += status != 200
        except OSError:
            failed, connection = failed + 1, None
        taken.append((time.perf_counter() - before) * 1000)
        at += 1
        time.sleep(pause_s)
    return {"requests": len(taken), "failed": failed, **percentiles(taken)}


def percentiles(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken) or [float("nan")]
    at = {
        f"p{p}_ms": ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))]
        for p in (50, 95, 99)
    }
    return {name: round(value, 2) for name, value in at.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("prepare")
    made.add_argument("folder", type=Path)
    made.add_argument("--variant", type=Path)
    made.add_argument("--pictures", action="store_true")
    made.add_argument("--goal", type=float)
    near = commands.add_parser("bystand")
    near.add_argument("url")
    near.add_argument("--seconds", type=float, default=5)
    near.add_argument("--pause", type=float, default=0.02)
    near.add_argument("--fresh", action="store_true")
    near.add_argument("--pictures", action="store_true")
    asked = parser.parse_args()
    if asked.command == "prepare":
        prepare(asked.folder, variant=asked.variant, pictures=asked.pictures, goal_ms=asked.goal)
        return
    seen = bystand(
        asked.url,
        seconds=asked.seconds,
        pause_s=asked.pause,
        fresh=asked.fresh,
        pictures=asked.pictures,
    )
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
