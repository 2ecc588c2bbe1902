"""The money of a product file: its currency, what things cost, and what answers are worth. Knows no ledger.

Example: `product.money.prices.cpu_hour`
"""

from __future__ import annotations

from datetime import date

from pydantic import Field, model_validator

from steelyard.spec.section import Currency, Price, Section, Signed, Utility


class Prices(Section):
    """What a unit costs. There is no default: a missing price is an error, never zero."""

    label: Price = Field(description="money per label taken")
    cpu_hour: Price = Field(description="money per CPU core-hour")


UTILITY_STEP = 0.001  # evaluations keep how many answers reached each thousandth


class Values(Section):
    """What kinds of right and wrong answers are worth, where `correct_answer` does not say it."""

    labels: dict[str, dict[str, Signed]] = Field(
        {},
        description="true label -> answered label -> money; left out: correct_answer where they are the same, else 0",
    )
    tiers: dict[Utility, Signed] = Field(
        {},
        description="utility -> money of an answer that reaches it and no higher one; below the lowest: 0",
    )
    no_answer: Signed | None = Field(
        None, description="money of an answer that says nothing, such as a person's minute"
    )

    @model_validator(mode="after")
    def _one_table(self) -> Values:
        if self.labels and self.tiers:
            raise ValueError("name either 'labels' or 'tiers', not both")
        for tier in self.tiers:
            if abs(tier / UTILITY_STEP - round(tier / UTILITY_STEP)) > 1e-6:
                raise ValueError(f"expected tiers of at most three decimals, found {tier:g}")
        return self

    @property
    def given(self) -> bool:
        """Whether the file says any of it."""
        return bool(self.labels or self.tiers or self.no_answer is not None)


class MoneySpec(Section):
    currency: Currency = Field(description="ISO 4217 code, e.g. CNY")
    prices: Prices
    cash: dict[date, Signed] = Field(
        {}, description="what there was at the beginning of a day: {2026-01-01: 50000}"
    )
    rates: dict[Currency, dict[date, Price]] = Field(
        {},
        description="what one unit of another currency is worth from a day on: {USD: {2026-01-01: 7.12}}",
    )
    correct_answer: Price = Field(description="what one correct answer is worth")
    values: Values = Field(Values(), description="what kinds of right and wrong are worth")
