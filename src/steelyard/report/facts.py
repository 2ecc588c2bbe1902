"""What a report shows, gathered from the turn's outputs and the ledger. Knows no HTML.

Example: `gather(store, product, outputs).balances[0].total.currency`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from steelyard.goals import Limit, errors_of, limits
from steelyard.report.mistakes import Mistake, with_examples
from steelyard.report.values import PricedKind, priced
from steelyard.spec import NANO, Money, ProductFile
from steelyard.store import CASH, IMPUTED, Store
from steelyard.tasks import task_of
from steelyard.tasks.valuation import LABEL, Valuation
from steelyard.terms import learn_options

Output = dict[str, Any]


@dataclass(frozen=True)
class MoneyRow:
    """All lines of one account in one unit, one currency and one basis: cash that moved, or imputed."""

    account: str
    lines: int
    quantity: Decimal
    unit: str
    money: Money
    basis: str = CASH

    @property
    def amount(self) -> float:
        return self.money.nano / NANO

    @property
    def imputed(self) -> bool:
        return self.basis == IMPUTED


@dataclass(frozen=True)
class Balance:
    """One currency: what was spent (below zero) and earned, and what answers are declared worth."""

    moved: Money
    imputed: Money

    @property
    def total(self) -> Money:
        return self.moved + self.imputed


@dataclass(frozen=True)
class Served:
    """One arm as measured before it was released and as it answered; None where unknown."""

    arm: str
    variant: str
    name: str
    n: int
    cost_per_1000: tuple[float | None, float | None]
    p95_ms: tuple[float | None, float | None]


@dataclass(frozen=True)
class ReportFacts:
    """Outputs by step, money by account, and the parts of the product file the report names."""

    product: str
    turn: int
    currency: str
    unit: str
    goals: Sequence[Limit]
    loss_max: float
    outputs: dict[str, Output]
    money: Sequence[MoneyRow] = ()
    requests: int = 0
    live: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    measured: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    mistakes: Sequence[Mistake] = ()
    values: Sequence[PricedKind] = ()
    shares: bool = True  # outcomes are shares of right answers: one label is right, at one worth
    steps: Sequence[str] = ()  # of a whole turn, in their order
    quality: str = "macro_f1"  # the metric by which variants are chosen
    market: Mapping[str, Any] | None = None  # as `steelyard.market.chapter` tells it
    scores: Sequence[Mapping[str, Any]] = ()  # of past plans, as `steelyard.scoring` tells them

    def of(self, step: str) -> Output | None:
        """The output of a step, or None when it has not been run."""
        return self.outputs.get(step)

    def name(self, variant: str) -> str:
        return self.names.get(variant, variant[:10])

    @property
    def balances(self) -> list[Balance]:
        return balances(self.money)

    @property
    def served(self) -> list[Served]:
        return served(self)


def gather(
    store: Store,
    product: ProductFile,
    outputs: dict[str, Output],
    *,
    turn: int | None = None,
    steps: Sequence[str] = (),
    market: Mapping[str, Any] | None = None,
    scores: Sequence[Mapping[str, Any]] = (),
) -> ReportFacts:
    """Everything the report shows; money over all turns of the ledger, or until the past `turn`
    whose outputs these are: then what it left live is live. `steps` are those of a whole turn, `market` what is
    told of it, `scores` how past plans did."""
    task = task_of(product)
    learn_options(outputs.get("plan", {}).get("plan", {}))
    live = _live_now(store) if turn is None else _left_live(outputs)
    valuation = Valuation(task, product.spec.money)
    judged = outputs.get("train") or outputs.get("baseline") or {}
    arms = {a["variant"] for a in outputs.get("replay", {}).get("arms", {}).values()}
    return ReportFacts(
        product=store.product,
        turn=store.turns.newest() if turn is None else turn,
        currency=product.spec.money.currency,
        unit=f"{Decimal(product.spec.plan.unit):,f}",
        goals=limits(product.spec.goals, errors_of(task.known)),
        loss_max=product.spec.release.outcome_loss_max,
        outputs=outputs,
        money=[_row(row) for row in store.ledger.sums(until=turn, day=_day_of(store, turn))],
        requests=product.spec.plan.requests,
        live=live,
        names=store.variants.names(),
        measured={v: _values(store, v) for v in {live, *arms} if v},
        mistakes=with_examples(store, task, outputs),
        values=priced(valuation, judged.get("kinds") or []),
        shares=task.answer == LABEL and not valuation.scale,
        steps=steps,
        quality=task.quality,
        market=market,
        scores=scores,
    )


def _day_of(store: Store, turn: int | None) -> str:
    """The day that a past turn ended on: what happened behind it is none of its report."""
    past = None if turn is None else store.turns.one(turn)
    return "~" if past is None else (past["ended"] or past["started"])[:10]


def _live_now(store: Store) -> str | None:
    return next((r["variant"] for r in store.releases.current() if r["state"] == "live"), None)


def _left_live(outputs: dict[str, Output]) -> str | None:
    live = outputs.get("replay", {}).get("live") or outputs.get("release", {}).get("live")
    return live if isinstance(live, str) else None


def balances(rows: Iterable[MoneyRow]) -> list[Balance]:
    """One a currency, in the order of currencies: two currencies do not add up."""
    by_currency: dict[str, Balance] = {}
    for row in rows:
        zero = Money(0, row.money.currency)
        had = by_currency.get(row.money.currency, Balance(zero, zero))
        imputed = row.money if row.imputed else zero
        moved = zero if row.imputed else row.money
        by_currency[row.money.currency] = Balance(had.moved + moved, had.imputed + imputed)
    return [by_currency[currency] for currency in sorted(by_currency)]


def served(facts: ReportFacts) -> list[Served]:
    """The arms of the experiment, each beside what was measured before."""
    replay = facts.of("replay") or {}
    arms = replay.get("arms", {})
    if not any(a["n"] for a in arms.values()):  # nothing was replayed: as real users were answered
        arms = (replay.get("users") or {}).get("arms", {})
    table = {row["variant"]: row for row in (facts.of("compress") or {}).get("table", [])}
    compared = []
    for arm, a in arms.items():
        before = table.get(a["variant"]) or facts.measured.get(a["variant"], {})
        compared.append(
            Served(
                arm,
                a["variant"],
                a["name"],
                a["n"],
                (before.get("cost_per_1000"), a["cost_per_1000"]),
                (before.get("p95_ms"), a["p95_ms"]),
            )
        )
    return [one for one in compared if one.n]


def ratio(pair: tuple[float | None, float | None]) -> float | None:
    """Served by predicted; None where one of them is unknown."""
    predicted, seen = pair
    return seen / predicted if predicted and seen is not None else None


def _row(row: Mapping[str, Any]) -> MoneyRow:
    money = Money(row["nano"], row["currency"])
    quantity = Decimal(row["quantity"])
    return MoneyRow(row["account"], row["lines"], quantity, row["unit"], money, row["basis"])


def _values(store: Store, variant: str) -> dict[str, float]:
    return {name: m["value"] for name, m in store.measures.of(variant).items()}
