"""A step of a turn: its key, and what it gathers while it runs. Knows no stage and commits nothing.

Example: `step_key("train", {"epochs": 3}, ["a1b2"])` is the same 32 characters for the same inputs
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steelyard.spec import Money
from steelyard.store import ledger, tables
from steelyard.version import __version__

if TYPE_CHECKING:
    from steelyard.store.budgets import Budgets
    from steelyard.store.store import Store

Fact = tuple[str, dict[str, Any]]  # a noun of `tables`, and its row


def step_key(name: str, reads: Any, inputs: list[str]) -> str:
    """Hash of the code version, the spec sections a step reads, and the ids it takes in."""
    body = json.dumps([__version__, name, reads, inputs], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def hours_of(seconds: float) -> float:
    """As the ledger keeps them: to the millisecond."""
    return float(round(Decimal(str(round(seconds, 3))) / 3600, 9))


@dataclass
class Step:
    """What a running step gathers; all of it is committed with its `done` row, or none."""

    store: Store
    name: str
    key: str
    turn: int
    currency: str
    lines: list[ledger.Line] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    budgets: Budgets | None = None
    afforded: list[tuple[str, Money]] = field(default_factory=list)  # asked for, and not booked yet
    cpu_s: float | None = None  # set by a step that resumes: seconds over all its attempts
    elsewhere: Callable[[], float] | None = (
        None  # CPU seconds so far that are charged with something else
    )

    def afford(self, account: str, quantity: float, price: Decimal) -> None:
        """OverBudget where so much, beside what this was asked before, would break a budget; asked before
        anything is bought."""
        if self.budgets is not None:
            more = Money.of(price * Decimal(str(quantity)), self.currency)
            self.budgets.afford(account, more, beside=self.afforded)
            self.afforded.append((account, more))

    def spend(
        self, account: str, quantity: float, unit: str, price: Decimal, *, evidence: str
    ) -> None:
        """Money out: quantity times price."""
        money = Money.of(price * Decimal(str(quantity)), self.currency)
        self.lines.append(ledger.Line(account, quantity, unit, -money, evidence))

    def spend_cpu(self, account: str, seconds: float, price: Decimal, *, evidence: str) -> None:
        """Money out: seconds of a core, at the price of an hour."""
        self.spend(account, hours_of(seconds), "cpu_hour", price, evidence=evidence)

    def add(self, noun: str, **row: Any) -> None:
        """One fact, a row of the noun's table; `created` is set at commit."""
        self.facts.append((tables.of(noun).name, row))

    def measure(
        self,
        subject: str,
        name: str,
        value: float,
        *,
        n: int,
        on: str,
        low: float | None = None,
        high: float | None = None,
        detail: Any = None,
    ) -> None:
        """One number with its interval, its n and what it was measured on."""
        self.add(
            "measure",
            subject=subject,
            name=name,
            value=float(value),
            low=low,
            high=high,
            n=n,
            on=on,
            detail=detail,
        )

    @property
    def scratch(self) -> Path:
        """A folder of this step's own, for checkpoints; removed when the step is done."""
        return self.store.scratch.of(self.key)
