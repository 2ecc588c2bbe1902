"""The market of a product file: where customers come from and which exports tell of it. Knows no format.

Example: `product.market.imports["shop"].columns`
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from steelyard.spec.counting import Counting, Partner
from steelyard.spec.launch import Page
from steelyard.spec.section import Country, LabelName, Name, Section, Zone


class Import(Section):
    """How the rows of an export are read."""

    kind: Literal["spend", "sales", "customers", "visits", "invoices", "api_usage", "usage"] = (
        Field(description="what its rows are")
    )
    preset: str | None = Field(None, description="a known export whose columns these are")
    columns: dict[str, str] = Field({}, description="field -> header of its column")
    says: dict[str, str] = Field({}, description="field -> value of every row")
    decimal: Literal[".", ","] | None = Field(
        None, description="what parts whole units from cents, where the column does not tell"
    )
    dates: Literal["day_first", "month_first"] | None = Field(
        None, description="order of day and month, where the column does not tell"
    )
    time_zone: Zone | None = Field(
        None, description="of its times that say none; left out: market.time_zone"
    )
    paid: tuple[str, ...] = Field((), description="statuses that count; empty: every row does")


class Channel(Section):
    """What is known of a channel beside its figures."""

    captures: bool = Field(
        False,
        description="takes up a demand that is there already, as brand search does: its impressions (else visits) become a control",
    )


class Mix(Section):
    """What the marketing mix is fitted to, and how."""

    outcome: Literal["sales", "visits", "conversions"] = Field(
        "sales", description="what spend is to bring"
    )
    period: Literal["week", "day"] = Field("week", description="one row of the series")
    holidays: tuple[Country, ...] = Field((), description="countries, as [CN, US]")
    controls: tuple[Literal["price", "quality"], ...] = Field(
        (), description="mean price of a sale; quality of the live release"
    )
    adstock: Literal["geometric", "delayed"] = Field(
        "geometric", description="how an effect carries over"
    )
    saturation: Literal["tanh", "hill"] = Field(
        "tanh", description="how an effect levels off; hill may be S-shaped"
    )


class Market(Section):
    """Where customers come from, and what they and others pay."""

    time_zone: Zone = Field("UTC", description="where a day begins, as in Asia/Shanghai")
    simulated: bool = Field(
        False, description="its imports are of no real market, and every figure of it says so"
    )
    imports: dict[Name, Import] = Field({}, description="exports that are read, by a name of yours")
    page: Page | None = Field(None, description="what visitors find at / of the server")
    channels: dict[LabelName, Channel] = Field({}, description="channels of which more is known")
    mix: Mix = Mix()
    counting: Counting | None = Field(
        None, description="visits and conversions that the server counts; left out: none"
    )
    partners: dict[Name, Partner] = Field(
        {}, description="who sends customers or sells answers, by name, each with a key of its own"
    )

    @model_validator(mode="after")
    def _once(self) -> Market:
        if self.counting is not None and self.counting.cash:
            twice = [name for name, one in self.imports.items() if one.kind == "sales"]
            if twice:
                raise ValueError(
                    f"expected sales from one place, found counting.cash and the sales of imports.{twice[0]}; leave one out"
                )
        channels = list(self.channel_of.values())
        if len(set(channels)) != len(channels):
            raise ValueError("expected a channel of its own for each partner, found one of two")
        return self

    @property
    def channel_of(self) -> dict[str, str]:
        """Partner -> its channel."""
        return {name: one.channel or name for name, one in self.partners.items()}

    @property
    def counted(self) -> Counting | None:
        """What the server counts; with partners, their channels at least. None: it counts nothing."""
        return self.counting or (Counting() if self.partners else None)

    @property
    def told(self) -> tuple[str, ...]:
        """Metrics of a release that the server is told of as they happen; others wait for imports."""
        if self.counting is not None and self.counting.cash:
            return ("conversion", "revenue", "profit")
        return ("conversion",) if self.counted is not None else ()

    @property
    def counted_channels(self) -> frozenset[str]:
        """Every channel that the server counts."""
        own = self.counting.channels if self.counting is not None else ()
        return frozenset((*own, *self.channel_of.values()))
