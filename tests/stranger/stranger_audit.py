"""A stage: which share of the pool is labelled, with a section of its own in the report."""

from dataclasses import dataclass
from typing import Annotated

from steelyard.stage import Block, Stage
from steelyard.taken import names_of


@dataclass(frozen=True)
class Purchased:
    bought: Annotated[int, "label.bought"]
    pool: Annotated[int, "label.pool"]


@dataclass(frozen=True)
class Audited:
    share: float
    seed: int


def audit(context, step):
    of = context.take(Purchased)
    return Audited(of.bought / of.pool, context.product.spec.label.seed)


def section(left, language):
    said = ("labelled", "已标注")[language == "zh"]
    return [Block("audit" if language == "en" else "审计", text=f"{said}: {left.share:.0%}")]


AUDIT = Stage(
    "label_audit",
    audit,
    reads=("label.seed",),
    takes=names_of(Purchased),
    output=Audited,
    called=("audit of labels", "标注审计"),
    summary=lambda left, *, ran: f"{left.share:.0%} of the pool is labelled",
    section=section,
)
