"""The one training loop: any module, per-example losses, checkpoints, early stop.

Knows no ledger and no product file. Killed anywhere, the same call continues to the same weights.
Example: `fit(parts, train, validation, recipe, folder=f, clock=Clock())`
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from steelyard.clock import Clock
from steelyard.engine.arrays import Preprocessor
from steelyard.engine.dropout import quick_dropout
from steelyard.engine.heads import Head
from steelyard.engine.model import token_batches
from steelyard.engine.predictor import answered
from steelyard.engine.processes import keeping_memory
from steelyard.errors import Damaged
from steelyard.plugins import need
from steelyard.store.scratch import find, forget, keep
from steelyard.tasks import Array, Content, Task, Truth

WARMUP = 0.1  # share of the steps
GRADIENT_NORM_MAX = 1.0
BUCKET_BATCHES = 50  # sorted by length inside this many batches: little padding, still shuffled
EVALUATION_TOKENS = 2048
CHECKPOINT, WEIGHTS, FINISHED = "checkpoint.safetensors", "kept.safetensors", "finished.json"
CHECKPOINT_CPU_S = 60.0  # a younger checkpoint is not replaced: one holds three times the weights
Tensors = dict[str, Any]  # of torch, by name


@dataclass(frozen=True)
class Examples:
    """Contents and what is right for each, of equal length."""

    contents: Sequence[Content]
    truths: Sequence[Truth]

    def __len__(self) -> int:
        return len(self.contents)


@dataclass(frozen=True)
class Recipe:
    """How to train; `precision` is fp32 or bf16, already decided."""

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    precision: str
    patience: int
    checkpoint_steps: int
    augment: bool
    seed: int
    head_rate: float = 1.0  # times the learning rate, of what is new in the module


@dataclass(frozen=True)
class Parts:
    """What is trained: a torch module with `forward(**inputs) -> [B, ..., K]`, what makes its
    inputs, and what stands behind it. `vary` changes one training batch (torch tensors); `new` is the
    attribute of the module that nothing pretrained is in."""

    task: Task
    head: Head
    module: Any
    preprocessor: Preprocessor
    vary: Callable[[Tensors, Any], Tensors] | None = None
    new: str | None = None


@dataclass
class Progress:
    """Where training stands; saved with every checkpoint."""

    step: int = 0
    epoch: int = 0
    best: float = -1.0
    best_loss: float = 1e30
    best_epoch: int = -1
    stopped: bool = False
    cpu_s: float = 0.0  # over every attempt, each second once
    loss: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


@keeping_memory()
def fit(
    parts: Parts,
    train: Examples,
    validation: Examples,
    recipe: Recipe,
    *,
    folder: Path,
    clock: Clock,
    report: Callable[[Progress, int], None] | None = None,
    checkpoint_cpu_s: float = CHECKPOINT_CPU_S,
) -> Progress:
    """Train the module in place to its best epoch on `validation`; `folder` holds checkpoints.

    The last planned epoch is kept too when it is not worse by more than a standard error.

    One loss per example (shape [B]); AdamW with linear warm-up and decay. The weights are a
    function of the arguments alone, whether or not the run was interrupted.
    """
    torch = need("torch", extra="train")
    features = parts.preprocessor.features(train.contents)
    targets = parts.head.targets(train.truths, features)
    sizes = [parts.preprocessor.size(f) for f in features]
    quick_dropout(torch, parts.module)
    run = _Run(torch, parts, recipe, steps=_steps_an_epoch(len(train), recipe) * recipe.epochs)
    state = run.resume(folder)
    kept = _Kept(run, folder, state, clock, checkpoint_cpu_s)
    for epoch in range(state.epoch, recipe.epochs):
        if state.stopped:
            break
        batches = list(_batches(sizes, recipe, epoch))
        done = state.step - epoch * len(batches)
        for batch in batches[done:]:
            inputs = parts.preprocessor.collate([features[i] for i in batch])
            state.loss = run.step(inputs, [targets[i] for i in batch], at=state.step)
            state.step += 1
            kept.lap()
            if report is not None:
                report(state, run.steps)
            if state.step % recipe.checkpoint_steps == 0:
                kept.checkpoint()
        seen = _validate(torch, parts, validation, recipe)
        if _judge(state, epoch, *seen, recipe, len(validation)):
            run.save_weights(folder)
        kept.lap()
        if epoch + 1 < recipe.epochs and not state.stopped:
            kept.checkpoint()
    run.load_weights(folder)
    run.finish(folder, state)
    parts.module.eval()
    return state


def processor_precision(asked: str) -> str:
    """`auto` is bf16 where the processor multiplies it natively, else fp32."""
    if asked != "auto":
        return asked
    torch = need("torch", extra="train")
    cpu = torch.cpu
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    native = any(bool(getattr(cpu, probe, lambda: False)()) for probe in probes)
    return "bf16" if native else "fp32"


def torch_outputs(
    torch: Any,
    parts: Parts,
    features: Sequence[Array],
    *,
    precision: str = "fp32",
    batch_tokens: int = EVALUATION_TOKENS,
) -> list[Array]:
    """Features [n] -> outputs of a torch module for each, in evaluation mode, in their order."""
    module, preprocessor = parts.module, parts.preprocessor
    outputs: list[Array] = [np.zeros(0, np.float32)] * len(features)
    was_training = module.training
    module.eval()
    with torch.inference_mode(), _autocast(torch, precision):
        for batch in token_batches(
            [preprocessor.size(f) for f in features], batch_tokens=batch_tokens
        ):
            inputs = _tensors(torch, preprocessor.collate([features[i] for i in batch]))
            rows = module(**inputs).float().numpy()
            for i, row in zip(batch, rows, strict=True):
                outputs[i] = row
    module.train(was_training)
    return outputs


class _Run:
    """Optimizer, schedule and checkpoints of one call of `fit`."""

    def __init__(self, torch: Any, parts: Parts, recipe: Recipe, *, steps: int) -> None:
        self.torch, self.parts, self.module, self.recipe = torch, parts, parts.module, recipe
        self.steps = steps
        self.trained = {n: p for n, p in self.module.named_parameters() if p.requires_grad}
        self.optimizer = torch.optim.AdamW(
            self._groups(),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=True,
        )

    def _groups(self) -> list[dict[str, Any]]:
        """What is pretrained, and what is new and may learn faster; `times` the learning rate."""
        prefix = f"{self.parts.new}." if self.parts.new is not None else None
        new = [p for n, p in self.trained.items() if prefix and n.startswith(prefix)]
        fresh = {id(p) for p in new}
        rest = [p for p in self.trained.values() if id(p) not in fresh]
        groups = ({"params": rest, "times": 1.0}, {"params": new, "times": self.recipe.head_rate})
        return [group for group in groups if group["params"]]

    def step(self, inputs: Any, targets: Sequence[Array], *, at: int) -> float:
        torch = self.torch
        self.module.train()
        # Seeded by step: dropout and augmentation repeat exactly after a resume.
        torch.manual_seed(self.recipe.seed * 1_000_003 + at)
        tensors = _tensors(torch, inputs)
        if self.recipe.augment and self.parts.vary is not None:
            generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + at)
            tensors = self.parts.vary(tensors, generator)
        with _autocast(torch, self.recipe.precision):
            outputs = self.module(**tensors)
        right = torch.as_tensor(self.parts.head.together(targets, outputs.shape[1]))
        loss = self.parts.head.loss(outputs, right).mean()
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * group["times"] * schedule(at, self.steps)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained.values(), GRADIENT_NORM_MAX)
        self.optimizer.step()
        return float(loss.detach())

    def save(self, folder: Path, state: Progress) -> None:
        """Weights, optimizer state and progress in one file: a crash leaves the one before."""
        from safetensors.torch import save

        tensors = {f"weight/{n}": p.detach() for n, p in self.weights().items()}
        for name, parameter in self.trained.items():
            for key, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"{key}/{name}"] = value
        contiguous = {n: t.contiguous() for n, t in tensors.items()}
        keep(folder, CHECKPOINT, save(contiguous, {"state": json.dumps(asdict(state))}))

    def finish(self, folder: Path, state: Progress) -> None:
        """Nothing is left to do; the weights to keep are there, the rest is not needed."""
        keep(folder, FINISHED, json.dumps(asdict(state)))
        forget(folder, CHECKPOINT)

    def resume(self, folder: Path) -> Progress:
        """Where the run stands; at its start when a file that it needs is gone or damaged."""
        weights, finished = find(folder, WEIGHTS), find(folder, FINISHED)
        if finished is not None and weights is not None:
            return Progress(**json.loads(finished.read_text(encoding="utf-8")))
        path = find(folder, CHECKPOINT)
        if path is None:
            return self._anew(folder)
        from safetensors import safe_open

        with safe_open(str(path), framework="pt") as file:
            state = Progress(**json.loads(file.metadata()["state"]))
            if state.best_epoch >= 0 and weights is None:
                return self._anew(folder)
            self._continue({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        return state

    def _anew(self, folder: Path) -> Progress:
        # a checkpoint or an end that outlived its weights must not meet those of another epoch
        for name in (FINISHED, CHECKPOINT):
            forget(folder, name)
        return Progress()

    def _continue(self, tensors: Tensors) -> None:
        self._fill(
            {n.removeprefix("weight/"): t for n, t in tensors.items() if n.startswith("weight/")}
        )
        for name, parameter in self.trained.items():
            keys = [k for k in ("step", "exp_avg", "exp_avg_sq") if f"{k}/{name}" in tensors]
            self.optimizer.state[parameter] = {k: tensors[f"{k}/{name}"] for k in keys}

    def weights(self) -> Tensors:
        """What training changes: trained parameters and buffers such as running means."""
        buffers = {n: b for n, b in self.module.named_buffers() if n in self.module.state_dict()}
        return dict(self.trained) | buffers

    def save_weights(self, folder: Path) -> None:
        from safetensors.torch import save

        keep(folder, WEIGHTS, save({n: t.detach().contiguous() for n, t in self.weights().items()}))

    def load_weights(self, folder: Path) -> None:
        from safetensors.torch import load_file

        path = find(folder, WEIGHTS)
        if path is None:
            raise Damaged(
                f"{folder}/{WEIGHTS}",
                "the weights of the best epoch",
                "none that are whole",
                "run the command again: it trains again",
            )
        self._fill(load_file(str(path)))

    def _fill(self, tensors: Tensors) -> None:
        with self.torch.no_grad():
            for name, target in self.weights().items():
                target.copy_(tensors[name])


class _Kept:
    """CPU seconds of a run, each counted once, and a checkpoint when enough were spent."""

    def __init__(
        self, run: _Run, folder: Path, state: Progress, clock: Clock, every_cpu_s: float
    ) -> None:
        self._run, self._folder, self._state, self._clock = run, folder, state, clock
        self._every_cpu_s, self._saved_at, self._lap = every_cpu_s, state.cpu_s, clock.cpu_s()

    def lap(self) -> None:
        now = self._clock.cpu_s()
        self._state.cpu_s += now - self._lap
        self._lap = now

    def checkpoint(self) -> None:
        """Written when the last one is old: a young one costs more than the steps it saves."""
        if self._state.cpu_s - self._saved_at >= self._every_cpu_s:
            self._run.save(self._folder, self._state)
            self._saved_at = self._state.cpu_s


def schedule(step: int, steps: int) -> float:
    """Factor of the learning rate: up over the first tenth, then linearly to zero."""
    warmup = max(1, int(steps * WARMUP))
    if step < warmup:
        return (step + 1) / warmup
    return max(0.0, (steps - step) / max(1, steps - warmup))


def _judge(
    state: Progress, epoch: int, quality: float, loss: float, recipe: Recipe, validation: int
) -> bool:
    """Whether the weights of this epoch are to be kept; stops after `patience` without progress.

    Better quality is better; at equal quality, which few examples often give, a lower loss is.
    The last planned epoch has had the whole decay of the learning rate, which is worth more than
    a small validation part can see, so it stays unless it is worse by more than one standard
    error (the rule of Breiman et al. 1984, section 3.4.3, for a share of `validation` examples).
    """
    state.epoch = epoch + 1
    state.history.append(
        {
            "epoch": epoch + 1,
            "train_loss": state.loss,
            "validation": quality,
            "validation_loss": loss,
        }
    )
    better = (quality, -loss) > (state.best, -state.best_loss)
    if better:
        state.best, state.best_loss, state.best_epoch = quality, loss, epoch
    state.stopped = epoch - state.best_epoch >= recipe.patience
    error = math.sqrt(max(0.0, state.best * (1 - state.best)) / max(1, validation))
    return better or (epoch + 1 == recipe.epochs and quality >= state.best - error)


def _validate(
    torch: Any, parts: Parts, validation: Examples, recipe: Recipe
) -> tuple[float, float]:
    """(quality, mean loss) on the validation part."""
    task, head = parts.task, parts.head
    features = parts.preprocessor.features(validation.contents)
    outputs = torch_outputs(torch, parts, features, precision=recipe.precision)
    targets = head.targets(validation.truths, features)
    losses = [_loss(torch, head, *pair) for pair in zip(outputs, targets, strict=True)]
    counts = task.counts(answered(head, outputs, features), validation.truths)
    sums = np.asarray(counts.sum(axis=0)).reshape(-1)
    return float(task.metrics(sums)[task.quality]), float(torch.stack(losses).mean())


def _loss(torch: Any, head: Head, outputs: Array, target: Array) -> Any:
    """Of one example."""
    right = torch.as_tensor(head.together([target], len(outputs)))
    return head.loss(torch.as_tensor(outputs[None]), right)[0]


def _steps_an_epoch(examples: int, recipe: Recipe) -> int:
    return max(1, -(-examples // recipe.batch))


def _batches(sizes: Sequence[int], recipe: Recipe, epoch: int) -> Iterator[list[int]]:
    """Shuffled batches of similar length; the order is a function of seed and epoch."""
    rng = np.random.default_rng([recipe.seed, epoch])
    order = rng.permutation(len(sizes))
    bucket = recipe.batch * BUCKET_BATCHES
    batches = []
    for start in range(0, len(order), bucket):
        chunk = sorted(order[start : start + bucket], key=lambda i: sizes[i])
        batches += [
            [int(i) for i in chunk[k : k + recipe.batch]]
            for k in range(0, len(chunk), recipe.batch)
        ]
    for i in rng.permutation(len(batches)):
        yield batches[i]


def _tensors(torch: Any, inputs: Any) -> Tensors:
    return {name: torch.as_tensor(array) for name, array in inputs.items()}


def _autocast(torch: Any, precision: str) -> Any:
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
