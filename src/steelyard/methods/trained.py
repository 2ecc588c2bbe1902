"""What every method that trains a torch module shares: the run, its answers, its artifact.

Knows no architecture. Example: `train(job, "cnn", build).save(draft)`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from steelyard.engine.arrays import Backbone, ModuleParts
from steelyard.engine.backbone import config_of
from steelyard.engine.examples import parted
from steelyard.engine.fit import Parts, Progress, Recipe, fit, processor_precision, torch_outputs
from steelyard.engine.heads import Head
from steelyard.engine.model import Config, Model, Reading
from steelyard.engine.predictor import Predictor, answered, preprocessor_in, write_arrays
from steelyard.errors import SteelyardError
from steelyard.methods.base import FitJob
from steelyard.plugins import need
from steelyard.tasks import Answer, Content

VARIANT = "torch_fp32"
Built = tuple[Parts, Backbone | None]


@dataclass
class FittedModule:
    """A fitted torch module and what it takes to save it."""

    method: str
    parts: Parts
    backbone: Backbone | None
    progress: Progress
    recipe: Recipe
    setup_s: float = 0.0  # CPU seconds before the loop, of the last attempt alone
    precision: str = "fp32"  # that it answers in

    @property
    def cpu_s(self) -> float:
        """Setting up once, and the loop over all its attempts."""
        return self.setup_s + self.progress.cpu_s

    @property
    def told(self) -> dict[str, Any]:
        return {"history": self.progress.history, "precision": self.recipe.precision}

    @property
    def card(self) -> dict[str, Any]:
        source = self.backbone.source if self.backbone else None
        return {"recipe": asdict(self.recipe), "backbone": source}

    def answers(self, contents: Sequence[Content]) -> list[Answer]:
        features = self.parts.preprocessor.features(contents)
        torch = need("torch", extra="train")
        outputs = torch_outputs(torch, self.parts, features, precision=self.precision)
        return answered(self.parts.head, outputs, features)

    def save(self, draft: Path) -> None:
        """Weights in float32, configuration and tokenizer."""
        save_file = need("safetensors.torch", extra="train").save_file
        weights = {
            n: t.detach().float().contiguous() for n, t in self.parts.module.state_dict().items()
        }
        save_file(weights, draft / "model.safetensors")
        config = None if self.backbone is None else config_of(self.backbone)
        write_arrays(
            draft,
            self.parts.task,
            self.parts.preprocessor,
            method=self.method,
            runtime="torch",
            precision="fp32",
            backbone=config,
        )


class TorchMethod:
    """Base of the methods whose artifact is a torch module, and whatever compressors make of it."""

    name: str
    variant = VARIANT
    modules: tuple[str, ...] = ("torch", "onnx", "nncf")
    needs_backbone = False

    def parts(self, head: Head) -> ModuleParts:
        """Of the modules that it makes for a task with this head."""
        raise SteelyardError(
            f"method {self.name}: expected 'parts', which says what its modules are made of, found none"
        )

    def open(self, folder: Path, config: Config, *, threads: int) -> Model:
        return Predictor.open(folder, config, threads=threads)

    def open_reading(self, folder: Path, config: Config) -> Reading:
        return preprocessor_in(folder, config)


def train(
    job: FitJob, method: str, build: Callable[[FitJob, Sequence[Content]], Built]
) -> FittedModule:
    """One run in the job's folder, continued when it was interrupted there; `build` makes the parts
    from the job and the contents that are learned from."""
    started = job.clock.cpu_s() if job.started is None else job.started
    settings = job.settings
    learn, validation = parted(job.examples, task=job.task, validation=settings.validation)
    parts, backbone = build(job, learn.contents)
    recipe = Recipe(
        epochs=settings.epochs,
        batch=job.batch or settings.batch,
        learning_rate=settings.learning_rate,
        head_rate=settings.head_rate,
        weight_decay=settings.weight_decay,
        precision=processor_precision(settings.precision),
        patience=settings.patience,
        checkpoint_steps=settings.checkpoint_steps,
        augment=settings.augment,
        seed=settings.seed,
    )
    setup_s = job.clock.cpu_s() - started
    report = job.report
    progress = fit(
        parts,
        learn,
        validation,
        recipe,
        folder=job.folder,
        clock=job.clock,
        report=None if report is None else (lambda p, steps: report(p.step, steps)),
    )
    precision = "fp32" if job.published else recipe.precision
    return FittedModule(method, parts, backbone, progress, recipe, setup_s, precision)
