"""What may be imported: the fields of each kind of row, and which of them name it. Knows no file.

Example: `KINDS["spend"].fields["amount"].of` is "money"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Of = Literal["day", "money", "count", "number", "word"]


@dataclass(frozen=True)
class Field:
    """One field of a row: what it holds, whether a row may lack it, and what it says."""

    of: Of
    needed: bool
    says: str


@dataclass(frozen=True)
class Kind:
    """One kind of row. `names` are the fields that tell a row from every other where it has no `id`;
    equal ones within a file are then told apart by how often they came. `pays` is 1 for money that
    comes in, -1 for money that goes out, 0 for what is no money."""

    name: str
    says: str
    fields: Mapping[str, Field]
    names: tuple[str, ...]
    pays: int
    once: bool  # whether two rows of the same names are a mistake

    @property
    def day(self) -> str:
        """The field that says when it was."""
        return next(name for name, field in self.fields.items() if field.of == "day")


def _kind(
    name: str,
    says: str,
    *,
    names: str,
    pays: int = 0,
    once: bool = False,
    **fields: tuple[Of, bool, str],
) -> Kind:
    made = {field: Field(of, needed, told) for field, (of, needed, told) in fields.items()}
    return Kind(name, says, made, tuple(names.split()), pays, once)


_ID: tuple[Of, bool, str] = ("word", False, "what the other system calls the row")
_SOURCE: tuple[Of, bool, str] = ("word", False, "whose ids these are, where two have the same")
_CURRENCY: tuple[Of, bool, str] = ("word", False, "ISO 4217 code; else the product's")
_REGION: tuple[Of, bool, str] = ("word", False, "where it was, for tests by region")
_CHANNEL: tuple[Of, bool, str] = ("word", False, "where the customer came from")
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind(
            "spend",
            "what a channel cost on a day",
            names="day channel campaign part region",
            pays=-1,
            once=True,
            day=("day", True, "the day it was spent"),
            channel=("word", True, "such as search, social"),
            campaign=("word", False, "part of a channel"),
            part=("word", False, "part of a campaign: ad group, keyword, creative"),
            until=("day", False, "the last day of the row, which is the same one"),
            amount=("money", True, "spent"),
            currency=_CURRENCY,
            impressions=("count", False, "times shown"),
            clicks=("count", False, "clicks"),
            region=_REGION,
        ),
        _kind(
            "sales",
            "what customers paid",
            names="day customer amount plan channel region",
            pays=1,
            day=("day", True, "when it was paid"),
            id=_ID,
            source=_SOURCE,
            refund_id=("word", False, "what it calls a refund, where that is a row of its own"),
            customer=("word", False, "who paid; kept as a salted hash"),
            amount=("money", True, "paid, before fees and refunds"),
            refund=("money", False, "given back of it"),
            fee=("money", False, "kept by whoever moved the money"),
            currency=_CURRENCY,
            plan=("word", False, "what was bought"),
            channel=_CHANNEL,
            region=_REGION,
            status=("word", False, "rows whose status is not one of `paid` are left out"),
        ),
        _kind(
            "customers",
            "who became a customer, and when they left",
            names="id",
            once=True,
            since=("day", True, "the first day"),
            id=("word", True, "kept as a salted hash, as the users of requests are"),
            until=("day", False, "the last day of one who left"),
            channel=_CHANNEL,
            segment=("word", False, "such as small, large"),
            plan=("word", False, "what they pay for"),
        ),
        _kind(
            "visits",
            "visits and conversions by channel and day",
            names="day channel campaign region",
            once=True,
            day=("day", True, "the day"),
            channel=("word", True, "such as search, social"),
            campaign=("word", False, "part of a channel"),
            visits=("count", True, "visits"),
            conversions=("number", False, "of them, what the product is for"),
            region=_REGION,
        ),
        _kind(
            "invoices",
            "what was bought from others: cloud, wages, rent",
            names="day account supplier amount",
            pays=-1,
            day=("day", True, "when it was paid"),
            id=_ID,
            source=_SOURCE,
            account=("word", True, "such as cloud, wages, rent"),
            covers=("word", False, "what it pays for that is metered here: cpu, label, api, ..."),
            since=("day", False, "the first day it is for; left out: that on which it was paid"),
            until=("day", False, "the last day it is for"),
            supplier=("word", False, "who was paid"),
            amount=("money", True, "paid"),
            currency=_CURRENCY,
        ),
        _kind(
            "api_usage",
            "calls of other people's models",
            names="day model amount input_tokens output_tokens",
            pays=-1,
            day=("day", True, "when it was called"),
            id=_ID,
            source=_SOURCE,
            model=("word", False, "which model"),
            amount=("money", True, "what it cost"),
            currency=_CURRENCY,
            input_tokens=("count", False, "tokens sent"),
            output_tokens=("count", False, "tokens received"),
            customer=("word", False, "for whom; kept as a salted hash"),
        ),
        _kind(
            "usage",
            "hours and gigabytes that nothing here can meter, at money.prices",
            names="day meter quantity channel",
            pays=-1,
            day=("day", True, "when it was used"),
            id=_ID,
            source=_SOURCE,
            meter=("word", True, "a price of money.prices: person_hour, gpu_hour, egress_gb, ..."),
            quantity=("number", True, "how much of it"),
            channel=("word", False, "for which channel"),
            customer=("word", False, "for whom; kept as a salted hash"),
        ),
    )
}
