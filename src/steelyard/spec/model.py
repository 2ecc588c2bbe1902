"""What a product file may say: every field, its type, its unit and its default. Knows no file.

Each section belongs to one stage; a step's key is the hash of the sections it reads.
Example: `Product.model_validate({"product": "reviews", **sections}).goals.p95_ms`
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic_core import to_jsonable_python

from steelyard.spec.market import Market
from steelyard.spec.pricing import MoneySpec
from steelyard.spec.section import (
    Kind,
    Name,
    Named,
    Package,
    Price,
    Section,
    Seed,
    Share,
    distinct,
)


class TaskSpec(Section):
    """What the product does: a registered task, and the options of its own."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="a registered task, e.g. text_classification")

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Goals(Section):
    """What a variant must reach to be released; a goal left out is not asked."""

    quality: dict[str, float] = Field(
        {},
        description="metric of the task: the least it must be on the hold-out; of an error, the most",
    )
    p95_ms: float | None = Field(None, gt=0, description="95th percentile of one request, ms")
    memory_mb: float | None = Field(None, gt=0, description="memory a process gains by it, MB")
    cost_per_1000: float | None = Field(None, gt=0, description="money per 1,000 requests")


class Source(Section):
    """One place records come from: a file, a folder or an installed package."""

    path: str | None = Field(
        None,
        description="file or folder: relative to the product file, absolute, or below the home as ~/...",
    )
    package: Package | None = Field(None, description="installed package that holds the file")
    file: str | None = Field(None, description="path inside the package")
    reader: Named = Field(description="a registered reader: csv, jsonl, parquet, lines, folder ...")
    content: str = Field("text", description="column that holds the text or image")
    label: str | None = Field(None, description="column that holds the label")
    id: str | None = Field(None, description="column that holds an id, unique inside this source")
    every_label: str | None = Field(None, description="the label of every record of this source")
    names: dict[str, str | None] = Field(
        {}, description="label in the file -> label of the task; null leaves it out"
    )
    licence: str = Field("unstated", description="licence of the data")

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if self.package is not None and self.path is not None:
            raise ValueError("name either 'path' or 'package', not both")
        if self.file is not None and self.package is None:
            raise ValueError("'file' stands inside a 'package': name one, or say 'path'")
        if self.label is not None and self.every_label is not None:
            raise ValueError("name either 'label' or 'every_label', not both")
        return self


class Split(Section):
    """Shares by hash of the near-duplicate cluster; what is left is the training pool."""

    holdout: Share = Field(0.15, description="never trained on; every figure is measured here")
    stream: Share = Field(0.25, description="kept apart to replay as users' requests")
    seed: Seed = Field(0, description="changes which cluster goes where")

    @model_validator(mode="after")
    def _leaves_a_pool(self) -> Split:
        if self.holdout + self.stream >= 0.95:
            raise ValueError("holdout and stream together must leave a training pool")
        return self


class Data(Section):
    sources: tuple[Source, ...] = Field(min_length=1, description="where records come from")
    operators: tuple[Named, ...] | None = Field(
        None, description="in their order; default: the task's own list"
    )
    line_bytes_max: int = Field(
        1_000_000, ge=100, le=2**30, description="a longer record is rejected"
    )
    split: Split = Split()


LABELS_DEFAULT = 2000


class Label(Section):
    start: int | None = Field(
        None, ge=10, description="labels to have before training; left out: 2000, or what there is"
    )
    seed: Seed = Field(0, description="changes the order in which labels are taken")


class Train(Section):
    backbone: tuple[str, ...] = Field((), description="sources of the same weights, in order")
    methods: tuple[Named, ...] | None = Field(
        None,
        min_length=2,
        description="registered methods a turn tries, the baseline first; default: the task's own",
    )
    method: Literal["full", "lora"] = Field("full", description="what is trained of the encoder")
    epochs: int = Field(3, ge=1, le=1000, description="passes over the labels, at most")
    batch: int = Field(16, ge=1, le=4096, description="examples per optimizer step")
    learning_rate: float = Field(1e-4, gt=0, lt=1, description="highest, after the warm-up")
    head_rate: float = Field(
        20.0, gt=0, le=1000, description="times the learning rate, of the layer behind an encoder"
    )
    weight_decay: float = Field(0.01, ge=0, lt=1, description="L2, decoupled")
    dropout: float = Field(0.1, ge=0, lt=1, description="before the last layer")
    length_max: int = Field(128, ge=8, le=512, description="tokens; longer texts are cut")
    frozen_embeddings: bool = Field(True, description="do not train the token embeddings")
    vocabulary: Literal["full", "trimmed"] = Field(
        "full", description="trimmed: drop tokens of languages the training texts never use"
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="auto asks the processor"
    )
    patience: int = Field(2, ge=1, description="epochs without improvement before stopping")
    validation: Share = Field(0.1, description="share of the labels kept for early stopping")
    checkpoint_steps: int = Field(
        50, ge=1, description="steps between looks: a checkpoint a minute of CPU old is replaced"
    )
    lora_rank: int = Field(16, ge=1, le=256, description="with method: lora")
    augment: bool = Field(True, description="let the task vary the training examples")
    seed: Seed = Field(0, description="of weights, order, dropout and augmentation")

    @field_validator("methods")
    @classmethod
    def _distinct(cls, methods: tuple[Kind, ...] | None) -> tuple[Kind, ...] | None:
        distinct(tuple(method.name for method in methods or ()), one="method", many="methods")
        return methods


class Compress(Section):
    variants: tuple[Named, ...] = Field(
        tuple(
            Kind(name=name)
            for name in (
                "onnx_fp32",
                "onnx_int8",
                "openvino_fp32",
                "openvino_bf16",
                "openvino_int8",
            )
        ),
        description="registered compressors to build and measure",
    )
    decodings: tuple[Named, ...] = Field(
        (),
        description="other ways to write, by method, of every variant to measure: [{method: {setting: value}}]",
    )
    quality_loss_max: float = Field(
        0.005, ge=0, lt=1, description="of the task's quality, absolute"
    )
    confidence: float = Field(
        0.95,
        gt=0.5,
        lt=1,
        description="how sure it must be that a variant loses no more than quality_loss_max",
    )
    measure_items: int = Field(
        96, ge=8, description="hold-out records sent to each variant in each round, as requests"
    )
    calibration_items: int = Field(300, ge=8, description="training texts shown to the quantizer")


class Serve(Section):
    host: str = Field("127.0.0.1", description="loopback unless said otherwise")
    port: int = Field(8080, ge=0, le=65535, description="0 takes a free one")
    key_env: str = Field("STEELYARD_API_KEY", description="environment variable with the API key")
    queue_max: int = Field(
        64,
        ge=1,
        description="requests waiting, at most; fewer when they would wait too long for goals.p95_ms",
    )
    body_bytes_max: int = Field(1_000_000, ge=100, description="of one request")
    items_max: int = Field(64, ge=1, description="inputs in one request")
    batch_tokens: int = Field(512, ge=1, description="token budget of one batch")
    connections_max: int = Field(
        512,
        ge=8,
        le=100_000,
        description="open connections; one more takes the place of the one that has been silent longest",
    )
    batch_wait_ms: float = Field(
        2.0, ge=0, le=1000, description="longest wait of a batch for a request that is soon read"
    )
    streams_max: int = Field(
        8, ge=1, le=1000, description="answers of one variant written piece by piece at once"
    )
    threads: int = Field(1, ge=1, le=256, description="threads of one runtime")


class Release(Section):
    canary_share: Share = Field(0.5, description="share of users the new variant answers")
    replay: int | None = Field(
        None,
        ge=10,
        description="records of the stream sent in a turn; left out: 1000, or what there is",
    )
    look_every: int = Field(
        250, ge=1, description="records between two looks; a sure answer ends it"
    )
    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="of all always-valid intervals together"
    )
    outcome_loss_max: float = Field(
        0.02, ge=0, lt=1, description="worse than this rolls back, or never meets a user"
    )
    outcome_days: int | None = Field(
        None,
        ge=1,
        le=90,
        description="days after an answer in which its outcome counts; the answer counts once they are over; left out: whenever it comes",
    )
    metric: Literal["outcome", "conversion", "revenue", "profit"] = Field(
        "outcome",
        description="what real users decide an experiment by: outcomes a request, or a figure a user; other than outcome, replayed records only guard",
    )
    metric_days: int = Field(
        7,
        ge=1,
        le=90,
        description="days after the first answer in which what a user buys counts; the user counts once they are over",
    )
    metric_loss_max: float = Field(
        0.0,
        ge=0,
        description="of the metric a user: surely worse by more rolls back, surely not so may go live",
    )
    below_goals: Literal["say", "refuse"] = Field(
        "say", description="a first release that misses a goal: live and said, or not live"
    )


class PlanSpec(Section):
    unit: Price = Field(Decimal(1000), description="the next unit of money to place")
    requests: int = Field(1_000_000, ge=1, description="requests expected until the next turn")
    days: float = Field(
        30, gt=0, le=3660, description="days until the next turn: how fast requests come"
    )
    peak: float | None = Field(
        None,
        ge=1,
        le=168,
        description="requests of the busiest hour, in those of a mean hour; left out: that of answers to users, where there are enough",
    )
    hours: float | None = Field(
        None, ge=0, description="hours of the team until the next turn; left out: no limit is asked"
    )
    curve: tuple[Share, ...] = Field(
        (0.125, 0.25, 0.5), min_length=2, description="shares of the labels to draw the curve from"
    )
    horizon: int = Field(12, ge=1, le=60, description="months in which what is done now counts")
    caution: float = Field(
        0.25, ge=0, le=1, description="weight of the worst tenth of outcomes beside the mean"
    )
    discount: float = Field(
        0.10, ge=0, le=1, description="by which money in a year is worth less than today's"
    )
    cash: Price | None = Field(
        None, description="money there is; left out: the plan does not ask whether it lasts"
    )
    ruin: float = Field(
        0.05, gt=0, lt=1, description="how likely cash may fall below zero, at most"
    )
    change: float = Field(
        0.25,
        ge=0,
        le=1,
        description="share of a channel's spend of today that may be moved away until the next turn, where its curve was measured",
    )
    fading: float | None = Field(
        None,
        gt=0,
        le=600,
        description="months after which half of what new labels or hours gain in quality is left; left out: it lasts",
    )


class Product(Section):
    """A product file; see docs/en/product.md for each field with an example."""

    product: Name = Field(description="its name: lower case letters, digits, - and _")
    task: TaskSpec
    goals: Goals = Goals()
    money: MoneySpec
    data: Data
    label: Label = Label()
    train: Train = Train()
    compress: Compress = Compress()
    serve: Serve = Serve()
    release: Release = Release()
    market: Market = Market()
    plan: PlanSpec = PlanSpec()
    store: str = Field(
        ".steelyard",
        description="folder: relative to the product file, absolute, or below the home as ~/...",
    )
    ledger: str | None = Field(None, description="database URL; default: SQLite inside the store")


def sections(product: Product, *names: str) -> dict[str, Any]:
    """The named sections, single fields (`serve.threads`) or what follows from them (`market.told`), as JSON
    for a step's key."""
    whole = product.model_dump(mode="json")
    chosen = {}
    for name in names:
        value: Any = whole
        of: Any = product
        for part in name.split("."):
            of = getattr(of, part)
            value = value[part] if part in value else to_jsonable_python(of)
        chosen[name] = value
    return chosen
