"""Turns that were planned, of outputs made up for them: the plan itself is the real one, and no model is trained."""

from contextlib import closing

from steelyard.as_json import to_json
from steelyard.interval import Interval
from steelyard.market.beliefs import run as believed
from steelyard.plan.now import plan_of
from steelyard.plan.run import run
from steelyard.spec import load
from steelyard.store import Store
from steelyard.tasks import task_of
from steelyard.tasks.valuation import valuation_of
from tests.conftest import PRODUCT, reviews, write_jsonl

# what a tiny curve says: it climbs, and each point is of many records
STEEP = ((50, 0.70), (100, 0.78), (200, 0.84))
FLAT = ((50, 0.84), (100, 0.84), (200, 0.84))
LABELS = "label: {start: 200}  # ours"


def a_product(folder, *, answer="0.5", more=""):
    """A file that has a comment behind its labels, and right answers that are worth much."""
    write_jsonl(folder / "reviews.jsonl", reviews(10))
    path = folder / "product.yaml"
    text = PRODUCT.format(encoder="x/y").replace(
        "correct_answer: 0.01", f"correct_answer: {answer}"
    )
    text = text.replace("label: {start: 200}", LABELS).replace("unit: 30", "unit: 30, caution: 0")
    path.write_text(text + more, encoding="utf-8")
    return load(path)


def outputs_of(*, bought=200, pool=600, curve=STEEP, accuracy=0.84):
    """Of every step before the plan, one variant being live."""
    seen = to_json(Interval(accuracy, accuracy - 0.01, accuracy + 0.01, 2000))
    row = {
        "variant": "v1",
        "name": "torch_fp32",
        "cost_per_1000": 0.01,
        "p95_ms": 10.0,
        "meets": True,
        "chosen": True,
    }
    return {
        "label": {"bought": bought, "pool": pool},
        "baseline": {"variant": "v0"},
        "train": {"variant": "v1", "method": "fine_tune", "metrics": {"utility": seen}},
        "compress": {"chosen": "v1", "table": [row], "utility": {"torch_fp32": seen}},
        "release": {"live": "v1", "canary": None},
        "replay": {"live": "v1", "experiment": None},
        "curve": {
            "curve": [
                {
                    "labels": n,
                    "quality": q,
                    "low": q - 0.01,
                    "high": q + 0.01,
                    "utility": q,
                    "n": 2000,
                }
                for n, q in curve
            ]
        },
    }


def turned(file, outputs=None, *, clock=None, served=()):
    """The number of a whole turn with its plan, kept as a turn keeps it; `served` is what its plan leaves of service."""
    with closing(Store.open(file, clock=clock)) as store:
        turn = store.begin_turn(file.sha256, text=file.text)
        left = dict(outputs or outputs_of())
        left["market"] = to_json(believed(store, file))
        for name, output in left.items():
            store.step(turn, name, f"{turn}-{name}", lambda _, o=output: o, cpu_price=0)
        valuation = valuation_of(task_of(file), file.spec.money)

        def work(step):
            made = to_json(run(store, file, step, of=plan_of(left), valuation=valuation))
            return made | {"served": list(served)}

        store.step(turn, "plan", f"{turn}-plan", work, cpu_price=0)
        store.end_turn(turn)
    return turn
