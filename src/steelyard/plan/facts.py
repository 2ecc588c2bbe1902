"""What the planner knows of a product: its money, its labels, its variants and their curve.

Knows no option. Example: `replace(facts, unit=500.0)` asks the same of another amount
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from steelyard.interval import Interval
from steelyard.plan.around import Around
from steelyard.plan.market import Market
from steelyard.reason import Reason
from steelyard.stats import LearningCurve


@dataclass(frozen=True)
class Served:
    """What a variant took in service, over `n` requests."""

    cost_per_1000: float
    p95_ms: float | None
    n: int


@dataclass(frozen=True)
class Priced:
    """A variant as a choice: the `worth` of its answers with its interval, as a mean share from 0.0
    (all the worst) to 1.0 (all the best); money per 1,000 requests as measured before it was
    released, and what it took in service where it ever answered."""

    variant: str
    name: str
    worth: float
    low: float
    high: float
    cost_per_1000: float
    p95_ms: float | None = None
    served: Served | None = None
    misses: tuple[Reason, ...] = ()  # goals, each of which the live one misses by more


@dataclass(frozen=True)
class Undecided:
    """What a canary may bring until the next turn, in money, and the sentence that says what would decide."""

    net_until_next_turn: Interval
    because: Reason


@dataclass(frozen=True)
class PlanFacts:
    """What the ledger knows; money in units of `currency`, `requests` until the next turn."""

    currency: str
    unit: float
    requests: int
    label_price: float
    answer: float  # money between the worst answer and the best
    labels_bought: int
    labels_pool: int
    retrain_cost: float
    curve: LearningCurve | None
    live: Priced
    alternatives: Sequence[Priced] = ()
    # worth the trained model lacks to reach a live variant that is not its own
    behind: float = 0.0
    p95_goal_ms: float | None = None
    measure: str = "accuracy"  # what sentences call the worth of answers
    file: str = "product.yaml"  # what its sentences name
    canary: Undecided | None = None  # of an experiment that is open
    canary_name: str = ""
    days: float = 30.0  # until the next turn
    horizon: int = 12  # months in which what is done now counts
    caution: float = 0.25
    discount: float = 0.0  # a year
    cash: float | None = None
    ruin: float = 0.05
    change: float = 0.0  # share of a channel's spend of today that may be moved away
    fading: float | None = (
        None  # months after which half of what labels or hours gain in quality is left
    )
    market: Market | None = None
    around: Around = field(default_factory=Around)
    books_in: str = ""  # the currency of the market's books, where it is another one
    damaged: bool = False  # a fact of the market was changed after it was written down
    baseline: Priced | None = None  # whether or not it meets the goals
    # variant -> (worth of its answers above those of the trained one, standard error), on the same records
    paired: Mapping[str, tuple[float, float]] = field(default_factory=dict)
