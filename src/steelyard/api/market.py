"""The market in the books: exports of other systems, read, booked and shown. Opens no terminal.

Example: `import_file(load("product.yaml"), Path("google.csv"), kind="spend", preset="google_ads")`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

from steelyard.errors import UserError
from steelyard.market.booking import book
from steelyard.market.keeping import MADE
from steelyard.market.kinds import KINDS
from steelyard.market.mapping import READ, Mapping, header_in, mapping_of, no_field, saying
from steelyard.market.presets import PRESETS
from steelyard.market.reading import read
from steelyard.market.sheets import Sheet, sheet
from steelyard.market.table import Remark, Row, Table
from steelyard.market.twice import covered_twice
from steelyard.market.weekly import weekly
from steelyard.near import near
from steelyard.spec import Money, ProductFile
from steelyard.spec.market import Import
from steelyard.stage import Report, unheard
from steelyard.store import CONVERSION, Store, has_ledger

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
    """Read an export and book its rows; with `dry` only say what would be read, or why it is refused. How it is read is
    named (`mapping` of the product file, or a preset), or the one way that fits its header; `says` is a
    value of a field in every row. `watcher` is told how far it is."""
    if kind is not None and kind not in KINDS:
        raise UserError("--as", f"one of {', '.join(KINDS)}", repr(kind), near(kind, KINDS))
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
    with _store(file, dry=dry) as store:
        zone = ZoneInfo(market.time_zone)
        table = read(
            exported,
            chosen,
            zone=zone,
            today=datetime.fromisoformat(store.clock.now()).astimezone(zone).date(),
            currency=file.spec.money.currency,
            report=report,
        )
        if chosen.kind.name == "sales":
            _refuse_told(store, table)
        booked = book(store, file, table, correct=correct, dry=dry, report=report)
        facts = _facts(table, [*table.remarks, *covered_twice(store, table)])
        if not dry:
            facts["booked"] = asdict(booked)
    if watcher is not None:
        watcher.end(STEP, facts, ran=True)
    return facts


@contextmanager
def _store(file: ProductFile, *, dry: bool) -> Iterator[Store]:
    """That of the product; where only to look and there is none yet, an empty one that goes away again."""
    if not dry or has_ledger(file):
        with closing(Store.open(file)) as store:
            yield store
        return
    with TemporaryDirectory() as folder:
        spec = file.spec.model_copy(update={"store": folder, "ledger": None})
        with closing(Store.open(replace(file, spec=spec))) as store:
            yield store


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
    kinds = [KINDS[kind]] if kind is not None else list(KINDS.values())
    for word in says:
        if not any(word in one.fields for one in kinds) and word not in READ:
            raise no_field(word, kinds)
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
    may = [saying(one, says) for one in may if says.keys() <= {*one.kind.fields, *READ}]
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


def _facts(table: Table, remarks: Sequence[Remark]) -> dict[str, Any]:
    """What was read, and how; `remarks` are what is said of it beside, each with its first row."""
    days = [row.values[table.mapping.kind.day].day for row in table.rows]
    return {
        "file": str(table.sheet.path),
        "kind": table.mapping.kind.name,
        "mapping": table.mapping.name,
        "read_as": table.sheet.read_as,
        "rows": len(table.rows),
        "unpaid": table.unpaid,
        "totals": len(table.totals),
        "left_out": [
            {"row": one.row, "amount": None if one.amount is None else str(one.amount)}
            for one in table.totals
        ],
        "remarks": [{"code": one.code, "row": one.row} | one.values for one in remarks],
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
