"""What each partner sent, sold and asked in a month, and what is owed to it. Opens no terminal.

Every figure is a sum of events and of lines of the ledger. What is owed is said here and booked nowhere: the
partner's invoice is, when it is imported. Example: `partners(load("product.yaml"), month="2026-10")["rows"]`
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.errors import UserError
from steelyard.spec import NANO, ProductFile
from steelyard.spec.counting import Partner
from steelyard.store import CONVERSION, REVOKED, VISIT, Store

Row = Mapping[str, Any]
FIGURES = (
    "visits",
    "conversions",
    "claimed",
    "revoked",
    "value",
    "claimed_value",
    "owed",
    "requests",
    "answers",
    "answers_a_day",
    "cost",
)


def partners(file: ProductFile, *, month: str = "") -> dict[str, Any]:
    """A row a partner: `conversions` that the product's own key told, those that the partner `claimed`,
    with their values; what is `owed`: its share of the first, and of the second where it is trusted; what its
    key asked, and what that cost. `month` as 2026-10, else this one; amounts are exact decimals."""
    zone = ZoneInfo(file.spec.market.time_zone)
    with closing(Store.open(file, create=False)) as store:
        now = datetime.fromisoformat(store.clock.now())
        first, following = _month(month or f"{now.astimezone(zone):%Y-%m}")
        since, until = first.isoformat(), (following - timedelta(days=1)).isoformat()
        visits: Counter[str | None] = Counter()
        for one in store.events.sums(since=since, until=until):
            if one["kind"] == VISIT:
                visits[one["channel"]] += one["rows"]
        told = store.events.of_kind(CONVERSION, since=since, until=until)
        revoked = store.events.of_kind(REVOKED, since=since, until=until)
        asked = store.ledger.of_partners(since=_moment(first, zone), until=_moment(following, zone))
    rows = []
    for name, partner in file.spec.market.partners.items():
        channel = file.spec.market.channel_of[name]
        rows.append(
            {"partner": name, "channel": channel, "share": partner.share, "visits": visits[channel]}
            | _earned(partner, _of(told, channel), _of(revoked, channel))
            | _asked([line for line in asked if line["about"]["partner"] == name])
            | {"answers_a_day": partner.answers_a_day}
        )
    return {"month": f"{first:%Y-%m}", "currency": file.spec.money.currency, "rows": rows} | {
        "until": until
    }


def _earned(partner: Partner, told: list[Row], revoked: list[Row]) -> dict[str, Any]:
    sure = [row for row in told if "partner" not in row["body"]]
    claimed = [row for row in told if "partner" in row["body"]]
    value, claims = _nano(sure), _nano(claimed)
    owed = Decimal(value + (claims if partner.trusted else 0)) * Decimal(str(partner.share))
    return {
        "conversions": len(sure),
        "claimed": len(claimed),
        "revoked": len(revoked),
        "value": _decimal(value),
        "claimed_value": _decimal(claims),
        "owed": _decimal(int(owed.to_integral_value(ROUND_HALF_EVEN))),
        "events": [row["id"] for row in told],
        "revoked_events": [row["id"] for row in revoked],
    }


def _asked(lines: list[Row]) -> dict[str, Any]:
    return {
        "requests": sum(line["about"]["requests"] for line in lines),
        "answers": sum(line["about"]["answers"] for line in lines),
        "cost": _decimal(-sum(line["nano"] for line in lines)),
    }


def _of(rows: Iterable[Row], channel: str) -> list[Row]:
    return [row for row in rows if row["channel"] == channel]


def _nano(rows: Iterable[Row]) -> int:
    return sum(row["nano"] or 0 for row in rows)


def _decimal(nano: int) -> str:
    return format((Decimal(nano) / NANO).normalize() + 0, "f")


def _month(said: str) -> tuple[date, date]:
    """Its first day, and that of the next one."""
    try:
        if not re.fullmatch(r"\d{4}-\d{2}", said):
            raise ValueError
        first = date.fromisoformat(f"{said}-01")
        return first, (first + timedelta(days=31)).replace(day=1)
    except (ValueError, OverflowError):
        raise UserError("--month", "a month such as 2026-10", repr(said)) from None


def _moment(day: date, zone: ZoneInfo) -> str:
    at = datetime(day.year, day.month, day.day, tzinfo=zone)
    return at.astimezone(UTC).isoformat(timespec="microseconds")
