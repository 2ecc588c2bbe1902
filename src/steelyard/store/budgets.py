"""What an account may cost in a month, and what it has cost: asked before money is spent. Knows no stage.

Example: `Budgets(store.ledger, money, now=store.clock.now).afford("label", Money.of(30, "CNY"))`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from steelyard.errors import OverBudget
from steelyard.spec import Money
from steelyard.spec.pricing import Budget, MoneySpec
from steelyard.store.chain import CASH, basis_of
from steelyard.store.nouns import Book


@dataclass(frozen=True)
class Spent:
    """A budget of this month, what was spent of it, and whether that is worth an alert."""

    name: str
    month: str
    spent: Money
    limit: Money
    alert: bool


@dataclass(frozen=True)
class Budgets:
    """The budgets of a product file against the ledger. A month is one of `zone`, where the days of the books begin
    too: what was booked without a day is of the month in which it was booked there."""

    ledger: Book
    money: MoneySpec
    now: Callable[[], str]
    zone: tzinfo = UTC

    def all(self) -> list[Spent]:
        """Each budget with what was spent of it this month, one beside which nothing stands too."""
        if not self.money.budgets:
            return []
        now = datetime.fromisoformat(self.now()).astimezone(self.zone)
        month = f"{now:%Y-%m}"
        rows = self.ledger.parted("account", since=f"{month}-01", until=f"{month}-31")
        cash = [(row["account"], row["nano"]) for row in rows if row["basis"] == CASH]
        cash += self._border(now.year, now.month, 1)
        cash += self._border(now.year + now.month // 12, now.month % 12 + 1, -1)
        return [
            self._spent(name, budget, month, -sum(nano for a, nano in cash if is_of(a, name)))
            for name, budget in self.money.budgets.items()
        ]

    def _border(self, year: int, month: int, sign: int) -> list[tuple[str, int]]:
        """What was booked without a day while it was this month in one of UTC and the zone only: the ledger counts
        it by UTC. Of the beginning of the own month, or with -1 of the next one."""
        utc = datetime(year, month, 1, tzinfo=UTC)
        own = datetime(year, month, 1, tzinfo=self.zone).astimezone(UTC)
        if own == utc:
            return []
        rows = self.ledger.undated(
            since=min(own, utc).isoformat(timespec="microseconds"),
            until=max(own, utc).isoformat(timespec="microseconds"),
        )
        sign = sign if own < utc else -sign
        return [(row["account"], sign * row["nano"]) for row in rows if basis_of(row) == CASH]

    def _spent(self, name: str, budget: Budget, month: str, nano: int) -> Spent:
        spent = Money(nano, self.money.currency)
        limit = Money.of(budget.a_month, self.money.currency)
        return Spent(name, month, spent, limit, spent.nano >= limit.nano * budget.alert)

    def afford(
        self, account: str, more: Money, *, beside: Sequence[tuple[str, Money]] = ()
    ) -> None:
        """OverBudget where `more` would break a budget of the account that stops, beside what else is about to
        be spent; nothing is spent."""
        for one in self.all():
            if not is_of(account, one.name) or not self.money.budgets[one.name].stop:
                continue
            spent = Money(
                one.spent.nano + sum(m.nano for a, m in beside if is_of(a, one.name)),
                one.spent.currency,
            )
            if spent + more > one.limit:
                raise OverBudget(
                    f"money.budgets.{one.name}",
                    f"at most {one.limit} in {one.month}",
                    f"{spent} spent, and {more} more for {account}",
                    "raise a_month, wait for the next month, or run: steelyard turn --over-budget",
                )


def is_of(account: str, name: str) -> bool:
    """An account, or one of a family: `cpu` is that of `cpu.train`."""
    return account == name or account.startswith(f"{name}.")
