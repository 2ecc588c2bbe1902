"""The money of a product file: its currency, what things cost, and what answers are worth. Knows no ledger.

Example: `product.money.prices.cpu_hour`
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)

from steelyard.spec.section import (
    PRICE_MAX,
    Account,
    Currency,
    Name,
    Price,
    Rate,
    Section,
    Signed,
    Utility,
)


class DatedPrice(Decimal):
    """A price that changes: worth what it is today, and `on` another day what it was then."""

    since: dict[date, Decimal]


def today() -> date:
    """Where nothing says otherwise a day is that of UTC."""
    return datetime.now(UTC).date()


def on(price: Decimal, day: date) -> Decimal | None:
    """The price that held on a day; None before the first."""
    since = getattr(price, "since", None)
    if since is None:
        return price
    known = [first for first in since if first <= day]
    return since[max(known)] if known else None


_DAY: TypeAdapter[date] = TypeAdapter(date)


def _dated(written: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """`0.35`, or `{2026-01-01: 0.35, 2026-07-01: 0.30}`."""
    if not isinstance(written, dict):
        return written if isinstance(written, DatedPrice) else handler(written)
    if not written:
        raise ValueError("expected a price, or one from a day on: {2026-01-01: 0.35}; found none")
    since = dict(_one(day, price, handler) for day, price in written.items())
    known = [day for day in since if day <= today()]
    if not known:
        raise ValueError(
            f"expected a price that holds today, found the first from {min(since)}; say what it is until then"
        )
    made = DatedPrice(since[max(known)])
    made.since = since
    return made


def _one(written: Any, price: Any, handler: ValidatorFunctionWrapHandler) -> tuple[date, Decimal]:
    try:
        day = _DAY.validate_python(written)
    except ValidationError as error:
        raise ValueError(
            f"expected a day such as 2026-01-31 before each price, found '{written}'"
        ) from error
    try:
        return day, handler(price)
    except ValidationError as error:
        said = f"expected a price from 0 to {PRICE_MAX:,} from {day} on"
        raise ValueError(f"{said}, found '{price}'") from error


_NUMBER = {"type": "number", "minimum": 0}
Dated = Annotated[
    Price,
    WrapValidator(_dated),
    WithJsonSchema(
        {
            "anyOf": [
                _NUMBER,
                {"type": "string"},
                {"type": "object", "additionalProperties": _NUMBER},
            ]
        }
    ),
]


class Prices(Section):
    """What a unit costs, or from which day on it costs what. A missing price is an error, never zero: what is
    used without one cannot be booked."""

    label: Dated = Field(description="money per label taken")
    cpu_hour: Dated = Field(description="money per CPU core-hour")
    label_check: Dated | None = Field(None, description="money per label looked at once more")
    gpu_hour: Dated | None = Field(None, description="money per hour of a GPU")
    person_hour: Dated | None = Field(None, description="money per hour of a person")
    storage_gb_month: Dated | None = Field(None, description="money per GB kept for a month")
    egress_gb: Dated | None = Field(None, description="money per GB sent out")
    api_call: Dated | None = Field(
        None, description="money per call of another's model that answers the same"
    )


REPEATED = ("a_month", "a_year", "a_user_month")  # prices that come again and again


class Paid(Section):
    """What customers pay by one plan."""

    a_month: Price | None = Field(None, description="money a month")
    a_year: Price | None = Field(None, description="money a year, for who pays by years")
    a_user_month: Price | None = Field(None, description="money a month for each of its users")
    a_request: Price | None = Field(None, description="money per request")
    once: Price | None = Field(None, description="money at the beginning")
    requests: int | None = Field(None, ge=1, description="requests a month that it includes")

    @model_validator(mode="after")
    def _pays(self) -> Paid:
        again = [n for n in REPEATED if getattr(self, n) is not None]
        if not again and self.a_request is None and self.once is None:
            named = ", ".join(f"'{name}'" for name in REPEATED)
            raise ValueError(f"expected {named}, 'a_request' or 'once', found none")
        if len(again) > 1:
            raise ValueError(f"name '{again[0]}' or '{again[1]}': two prices are two plans")
        return self

    @property
    def monthly(self) -> Decimal | None:
        """What a customer pays a month; None where that is not known of all alike."""
        return self.a_year / 12 if self.a_year is not None else self.a_month


class Budget(Section):
    """What an account may cost in a month."""

    a_month: Price = Field(description="the most in a calendar month")
    alert: float = Field(0.8, gt=0, le=1, description="share of it from which it is said")
    stop: bool = Field(
        True, description="a turn ends before it spends more; false: it is said only"
    )


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
    prices: Prices = Field(
        description="what a unit costs, or from which day on: {cpu_hour: {2026-01-01: 0.35, 2026-07-01: 0.30}}"
    )
    cores: int | None = Field(
        None,
        ge=1,
        le=4096,
        description="cores that are paid while a turn runs, busy or not; left out: what was used alone is booked",
    )
    plans: dict[Name, Paid] = Field(
        {}, description="what customers pay: {small: {a_month: 99, requests: 10000}}"
    )
    budgets: dict[Account, Budget] = Field(
        {}, description="account, or its first word -> its budget: {label: {a_month: 1000}}"
    )
    cash: dict[date, Signed] = Field(
        {}, description="what there was at the beginning of a day: {2026-01-01: 50000}"
    )
    rates: dict[Currency, dict[date, Rate]] = Field(
        {},
        description="what one unit of another currency is worth from a day on: {USD: {2026-01-01: 7.12}}",
    )
    correct_answer: Price = Field(description="what one correct answer is worth")
    values: Values = Field(Values(), description="what kinds of right and wrong are worth")
