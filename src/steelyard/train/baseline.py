"""The cheapest method of a product, which every report shows beside the others. Knows no torch.

Example: `run(store, product, step, task=task, of=TrainedOn("a1b2", "c3d4")).variant`
"""

from __future__ import annotations

from steelyard.methods import methods_of
from steelyard.spec import ProductFile
from steelyard.store import Step, Store
from steelyard.tasks import Task
from steelyard.train.left import Evaluated, TrainedOn
from steelyard.train.tried import Learned, learned, tried

NAME = "baseline"


def run(store: Store, product: ProductFile, step: Step, *, task: Task, of: TrainedOn) -> Evaluated:
    """Fit, publish and evaluate the product's first method on the bought labels."""
    data: Learned = learned(store, task, dataset=of.dataset, labels=of.labels)
    one = tried(store, product, step, methods_of(product, task)[0], data, name=NAME)
    return one.left()
