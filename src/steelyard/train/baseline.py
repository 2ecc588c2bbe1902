"""The cheap baseline variant that every report shows. Knows no torch.

Example: `run(store, product, step, task=task, dataset="a1b2", labels="c3d4")["variant"]`
"""

from __future__ import annotations

from typing import Any

from steelyard.engine.evaluate import evaluate
from steelyard.engine.examples import bought, holdout
from steelyard.engine.kept import keep
from steelyard.engine.predictor import Predictor, write_config
from steelyard.plugins import need
from steelyard.spec import ProductFile
from steelyard.store import Step, Store
from steelyard.tasks import Task
from steelyard.train.variants import publish

NAME = "baseline"


def run(
    store: Store, product: ProductFile, step: Step, *, task: Task, dataset: str, labels: str
) -> dict[str, Any]:
    """Fit, publish and evaluate the task's baseline on the bought labels."""
    save_file = need("safetensors.numpy", extra="train").save_file
    train, held = bought(store, dataset=dataset, labels=labels), holdout(store, dataset=dataset)
    fitted = task.baseline(train.contents, task.targets(train.labels), seed=product.spec.train.seed)
    with store.artifacts.draft() as draft:
        save_file({"weight": fitted.weight, "bias": fitted.bias}, draft / "model.safetensors")
        write_config(draft, task, fitted.preprocessor, runtime="linear", precision="fp32")
        answers = Predictor.open(draft).predict(held.contents)
        found = evaluate(task, answers, held.labels, seed=product.spec.train.seed)
        variant = publish(
            store, step, draft, NAME, task=task, dataset=dataset, parent=None, evaluation=found,
            card={"trained_on": len(train), "labels": labels},
        )  # fmt: skip
    keep(store, variant, dataset=dataset, answers=answers)
    return {"variant": variant, "name": NAME, "quality": task.quality, **found.to_json()}
