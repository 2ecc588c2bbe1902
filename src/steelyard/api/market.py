"""The market in the books: exports of other systems, read, booked and shown. Opens no terminal.

Example: `import_file(load("product.yaml"), Path("google.csv"), kind="spend", preset="google_ads")`
"""

from __future__ import annotations

from contextlib import closing, nullcontext
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

from steelyard.clock import Clock
from steelyard.errors import UserError
from steelyard.market.booking import book
from steelyard.market.keeping import MADE
from steelyard.market.mapping import Mapping, header_in, mapping_of, saying
from steelyard.market.presets import PRESETS
from steelyard.market.reading import Row, Table, read
from steelyard.market.sheets import Sheet, sheet
from steelyard.market.weekly import weekly
from steelyard.near import near
from steelyard.spec import Money, ProductFile
from steelyard.spec.market import Import
from steelyard.stage import Report, unheard
from steelyard.store import CONVERSION, Store

if TYPE_CHECKING:
    from steelyard.loop import Watcher

STEP = "import"


def import_file(
    file: ProductFile,
    path: Path,
    *,
    kind: str | None = None,
    mapping: str | None = None,
    preset: str | None = None,
    page: str | None = None,
    says: dict[str, str] | None = None,
    correct: bool = False,
    dry: bool = False,
    watcher: Watcher | None = None,
) -> dict[str, Any]:
    """Read an export and book its rows; with `dry` only say what would be read. How it is read is
    named (`mapping` of the product file, or a preset), or the one way that fits its header; `says` is a
    value of a field in every row. `watcher` is told how far it is."""
    report: Report = unheard
    if watcher is not None:
        watcher.begin(STEP)
        report = watcher.advance
    exported = sheet(path, page=page, report=report)
    chosen = _mapping(file, exported, kind=kind, mapping=mapping, preset=preset, says=says or {})
    market = file.spec.market
    if chosen.kind.name == "sales" and market.counting is not None and market.counting.cash:
        raise UserError(
            "market.counting.cash",
            "sales from one place",
            "an export of them, and conversions that are booked as such",
            "say cash: false, and import what was paid",
        )
    with nullcontext() if dry else closing(Store.open(file)) as store:
        zone = ZoneInfo(market.time_zone)
        now = datetime.fromisoformat((store.clock if store else Clock()).now())
        table = read(
            exported,
            chosen,
            zone=zone,
            today=now.astimezone(zone).date(),
            currency=file.spec.money.currency,
            report=report,
        )
        facts = _facts(table)
        if store is not None and chosen.kind.name == "sales":
            _refuse_told(store, table)
        if store is not None:
            booked = book(store, file, table, correct=correct, report=report)
            facts["booked"] = asdict(booked)
    if watcher is not None:
        watcher.end(STEP, facts, ran=True)
    return facts


def _refuse_told(store: Store, table: Table) -> None:
    """UserError where conversions of the same days were told as cash: each payment would be in the books twice."""
    days = [row.values["day"].day.isoformat() for row in table.rows]
    if not days:
        return
    told = store.events.of_kind(CONVERSION, since=min(days), until=max(days))
    cash = [event["day"] for event in told if event["body"].get("cash")]
    if cash:
        raise UserError(
            table.sheet.path.name,
            f"payments of days after {max(cash)}, or before {min(cash)}",
            f"{len(cash)} conversions from {min(cash)} to {max(cash)} that are booked as cash",
            "leave these days out, or revoke the conversions first (POST /v1/conversions with revoked: true)",
        )


def import_problems(file: ProductFile) -> list[str]:
    """What the product file says of exports that no export could be read by."""
    problems = []
    for name, one in file.spec.market.imports.items():
        try:
            mapping_of(one, PRESETS, name=name)
        except UserError as error:
            problems.append(f"{file.path.name}: {error}")
    return problems


def presets() -> dict[str, dict[str, Any]]:
    """Exports that are known: what their rows are, the headers of each field, and what holds for every row."""
    return {
        name: {"kind": one.kind.name, "columns": dict(one.columns), "says": dict(one.says)}
        for name, one in PRESETS.items()
    }


def imported(file: ProductFile) -> list[dict[str, Any]]:
    """What is booked of each kind and channel: rows, money, first and last day; not what was made of it."""
    with closing(Store.open(file, create=False)) as store:
        return [
            row
            | {"money": None if row["nano"] is None else str(Money(row["nano"], row["currency"]))}
            for row in store.events.sums()
            if row["kind"] not in MADE
        ]


def weeks(file: ProductFile) -> list[dict[str, Any]]:
    """Spend, visits, conversions and revenue of each week and channel that has something, oldest first."""
    with closing(Store.open(file, create=False)) as store:
        return weekly(store)


def _mapping(
    file: ProductFile,
    exported: Sheet,
    *,
    kind: str | None,
    mapping: str | None,
    preset: str | None,
    says: dict[str, str],
) -> Mapping:
    own = {
        name: mapping_of(one, PRESETS, name=name) for name, one in file.spec.market.imports.items()
    }
    if mapping is not None:
        if mapping not in own:
            hint = near(mapping, own) or "add it there"
            raise UserError("market.imports", f"one of {sorted(own)}", repr(mapping), hint)
        return saying(_of_kind(own[mapping], kind), says)
    if preset is not None:
        if preset not in PRESETS:
            hint = near(preset, PRESETS) or "map its columns under market.imports"
            raise UserError("--preset", f"one of {sorted(PRESETS)}", repr(preset), hint)
        asked = Import(kind=PRESETS[preset].kind.name, preset=preset)
        return _of_kind(saying(mapping_of(asked, PRESETS), says), kind)
    ways = [[*own.values()], [*PRESETS.values()]]
    fits = next(filter(None, (_that_fits(exported, known, kind, says) for known in ways)), None)
    return fits or _none(exported, ways[0] or ways[1])


def _of_kind(mapping: Mapping, kind: str | None) -> Mapping:
    if kind not in (None, mapping.kind.name):
        raise UserError("--as", mapping.kind.name, repr(kind), "leave it out, or name another one")
    return mapping


def _that_fits(
    exported: Sheet, known: list[Mapping], kind: str | None, says: dict[str, str]
) -> Mapping | None:
    """The one way to read the file whose columns are all there, or of several the one that knows every column
    of the file: never any of them."""
    may = [one for one in known if kind in (None, one.kind.name)]
    may = [saying(one, says) for one in may if says.keys() <= one.kind.fields.keys()]
    fits = [one for one in may if header_in(exported.rows, one) is not None]
    whole = [one for one in fits if _knows_all(exported, one)]
    fits = whole if len(whole) == 1 else fits
    if len(fits) < 2:
        return fits[0] if fits else None
    named = ", ".join(one.name for one in fits)
    raise UserError(
        exported.path.name, "one way to read it", named, "name one with --with or --preset"
    )


def _knows_all(exported: Sheet, mapping: Mapping) -> bool:
    """Whether each column that has a name is a field."""
    header = header_in(exported.rows, mapping)
    if header is None:
        return False
    named = {i for i, cell in enumerate(exported.rows[header.at].cells) if cell.strip()}
    return named <= set(header.columns.values())


def _none(exported: Sheet, known: list[Mapping]) -> NoReturn:
    named = ", ".join(one.name for one in known)
    header = ", ".join(c.strip() for c in exported.rows[0].cells[:12] if c.strip())
    raise UserError(
        exported.path.name,
        f"a header that one of these knows: {named}",
        header,
        "map its columns under market.imports",
    )


def _facts(table: Table) -> dict[str, Any]:
    """What was read, and how."""
    days = [row.values[table.mapping.kind.day].day for row in table.rows]
    return {
        "file": str(table.sheet.path),
        "kind": table.mapping.kind.name,
        "mapping": table.mapping.name,
        "read_as": table.sheet.read_as,
        "rows": len(table.rows),
        "unpaid": table.unpaid,
        "totals": len(table.totals),
        "first": str(min(days)),
        "last": str(max(days)),
        "amounts": [
            {"channel": channel, "currency": currency, "rows": n, "amount": str(amount)}
            for (channel, currency), (n, amount) in sorted(_amounts(table.rows).items())
        ],
    }


def _amounts(rows: list[Row]) -> dict[tuple[str, str], tuple[int, Decimal]]:
    sums: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for row in rows:
        if "amount" in row.values:
            where = (str(row.values.get("channel", "")), row.currency)
            n, amount = sums.get(where, (0, Decimal(0)))
            sums[where] = (n + 1, amount + row.values["amount"].value)
    return sums
