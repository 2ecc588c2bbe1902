"""10,000 requests through HTTP with the server killed (signal 9) three times on the way.

`python bench/replay.py [product.yaml]` needs a product after a turn; it works on a copy.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from common import ROOT, machine, save

from serving import started
from steelyard.release.replay import ReplayReport, Visit, replay
from steelyard.spec import load
from steelyard.store import Store, tables
from steelyard.store.ledger import verify

REQUESTS, KILLS, PORT = 10_000, 3, 18_765
URL = f"http://127.0.0.1:{PORT}"


def visits(store: Store) -> list[Visit]:
    """The stream as often as it takes, every time as another user."""
    d = tables.dataset
    newest = store.database.rows(sa.select(d.c.id).order_by(d.c.created.desc()))[0]["id"]
    where = "split = 'stream' AND label IS NOT NULL"
    rows = store.datasets.read("records", newest, where=where).to_pylist()
    return [
        Visit(f"b{i}", f"user-{i}", rows[i % len(rows)]["content"], rows[i % len(rows)]["label"])
        for i in range(REQUESTS)
    ]


def main() -> None:
    state = machine()
    source = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "examples/reviews/product.yaml")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(source.parent, Path(folder) / "p")
        product = Path(folder) / "p" / source.name
        with closing(Store.open(load(product))) as store:
            sent = visits(store)
            before = len(store.database.rows(sa.select(tables.feedback.c.id)))
            report, wall_s = run(product, sent)
            a, f = tables.answer.c, tables.feedback.c
            # answers to users earn; those of the turn's own replay are evidence only
            own = sa.select(a.id, a.value).where(a.origin == "user")
            label = {r["id"]: r["value"] for r in store.database.rows(own)}
            answers = set(label)
            rows = store.database.rows(sa.select(f.answer, f.value))
            kept = {r["answer"] for r in rows}
            right = sum(label.get(r["answer"]) == r["value"] for r in rows)
            earned = {r["account"]: r["quantity"] for r in store.ledger.sums()}["value.correct"]
            with store.database.read() as connection:
                lines = verify(connection)
    figures = {
        "requests": report.sent,
        "acknowledged": report.acknowledged,
        "lost": report.lost,
        "kills": KILLS,
        "retried_posts": report.retried,
        "acknowledged_answers_missing_in_ledger": len(set(report.answers.values()) - answers),
        "acknowledged_feedback_missing_in_ledger": len(set(report.answers.values()) - kept),
        "feedback_rows_added": len(rows) - before,
        "correct_outcomes": right,
        "correct_outcomes_paid": int(earned),
        "ledger_lines_verified": lines,
        "requests_per_second_with_restarts": round(report.sent / wall_s, 1),
    }
    save("replay", "python bench/replay.py", figures, state)


def run(product: Path, sent: list[Visit]) -> tuple[ReplayReport, float]:
    at = {REQUESTS * (k + 1) // (KILLS + 1) for k in range(KILLS)}
    server = [started(product, PORT)]
    due = threading.Event()

    def progress(done: int, _total: int) -> None:
        if done in at:
            due.set()

    def killer() -> None:
        for _ in range(KILLS):
            due.wait()
            due.clear()
            server[0].send_signal(signal.SIGKILL)
            server[0].wait()
            server[0] = started(product, PORT)

    thread = threading.Thread(target=killer, daemon=True)
    thread.start()
    before = time.perf_counter()
    report = replay(URL, sent, progress=progress)
    wall_s = time.perf_counter() - before
    thread.join(60)
    server[0].terminate()
    server[0].wait()
    return report, wall_s


if __name__ == "__main__":
    main()
