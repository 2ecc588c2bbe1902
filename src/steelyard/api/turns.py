"""Turns of the past: shown, reported again, and two of them compared. Knows no terminal.

Example: `compared(load("product.yaml"), 6, 7)["file"]`
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from steelyard.errors import Missing, UserError
from steelyard.spec import Money, ProductFile, as_it_was
from steelyard.stage import names
from steelyard.store import Store
from steelyard.terms import learn_options, recommendation

Outputs = dict[str, dict[str, Any]]


def past(file: ProductFile, number: int) -> dict[str, Any]:
    """{"turn", "started", "ended", "file", "steps": name, how, cpu_s, money, key; "money": sums}."""
    with closing(Store.open(file, create=False)) as store:
        turn = _turn(store, number)
        steps = [
            {k: s[k] for k in ("name", "how", "cpu_s", "key")}
            | {"money": str(Money(s["nano"], s["currency"]))}
            for s in store.turns.steps(number)
        ]
        money = [_money(row) for row in store.ledger.sums(turn=number)]
    return {
        "turn": number,
        "started": turn["started"],
        "ended": turn["ended"],
        "file": turn["file"],
        "steps": steps,
        "money": money,
    }


def reported(file: ProductFile, number: int) -> list[str]:
    """Write the report of a past turn again, of its own file, steps and money; the paths."""
    from steelyard.market.chapter import chapter
    from steelyard.report import gather, render
    from steelyard.scoring import scores

    with closing(Store.open(file, create=False)) as store:
        turn, steps = _turn(store, number), store.turns.steps(number)
        if not turn["file"] or not steps:
            raise Missing(
                f"turn {number}",
                "its product file and its steps",
                "a turn of a version that kept neither",
                "its report, where it was written, is under reports/",
            )
        then = as_it_was(turn["file"], file.path)
        market = chapter(store, then, moment=turn["ended"] or "")
        outputs = _outputs(steps)
        rows = scores(store, then, outputs, until=number)
        facts = gather(store, then, outputs, turn=number, steps=names(), market=market, scores=rows)
        pages = {language: render(facts, language=language) for language in ("en", "zh")}
        return list(store.reports.write(number, pages).values())


def compared(file: ProductFile, first: int, second: int) -> dict[str, Any]:
    """{"file": lines of a unified diff, or None where a turn kept no file; "facts", "steps" and "money": rows of
    what, before, after, where the two turns differ}."""
    with closing(Store.open(file, create=False)) as store:
        turns = [_turn(store, number) for number in (first, second)]
        steps = [store.turns.steps(number) for number in (first, second)]
        names = store.variants.names()
        money = [
            {_account(r): _money(r)["money"] for r in store.ledger.sums(turn=n)}
            for n in (first, second)
        ]
    facts = [dict(_facts(_outputs(rows), names)) for rows in steps]
    done = [{row["name"]: f"{row['key'][:10]} ({row['how']})" for row in rows} for rows in steps]
    return {
        "file": _lines(turns[0], turns[1]),
        "facts": _different(*facts),
        "steps": _different(*done),
        "money": _different(*money),
    }


def _turn(store: Store, number: int) -> dict[str, Any]:
    turn = store.turns.one(number)
    if turn is None:
        newest = store.turns.newest()
        raise UserError(
            "turn",
            f"a turn of '{store.product}', of which the newest is {newest}",
            str(number),
            "see: steelyard show",
        )
    return turn


def _lines(before: dict[str, Any], after: dict[str, Any]) -> list[str] | None:
    if not before["file"] or not after["file"]:
        return None
    old, new = before["file"].splitlines(), after["file"].splitlines()
    names = f"turn {before['id']}", f"turn {after['id']}"
    return list(difflib.unified_diff(old, new, names[0], names[1], n=1, lineterm=""))


def _outputs(steps: list[dict[str, Any]]) -> Outputs:
    return {row["name"]: row["output"] for row in steps}


def _facts(outputs: Outputs, names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """What a reader would compare first, in the order of the steps."""
    for part, labels in outputs.get("data", {}).get("splits", {}).items():
        yield f"records, {part}", sum(labels.values())
    if "label" in outputs:
        yield "labels bought", outputs["label"]["bought"]
    for step in ("baseline", "train"):
        for metric, interval in outputs.get(step, {}).get("metrics", {}).items():
            yield f"{step}, {metric}", round(interval["value"], 4)
    for row in outputs.get("compress", {}).get("table", []):
        if row["chosen"]:
            yield "chosen variant", row["name"]
            yield from (
                (f"chosen, {name}", float(f"{row[name]:.4g}"))
                for name in ("quality", "p95_ms", "cost_per_1000")
            )
    replay = outputs.get("replay", {})
    live = replay.get("live") or outputs.get("release", {}).get("live")
    if live:
        yield "live", f"{names.get(live, '?')} {live[:10]}"
    if replay:
        yield "experiment", replay["decision"]
    if "plan" in outputs:
        learn_options(outputs["plan"]["plan"])
        yield "recommendation", recommendation(outputs["plan"]["plan"]["recommendation"], "en")


def _different(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"what": what, "before": before.get(what), "after": after.get(what)}
        for what in dict.fromkeys([*before, *after])
        if before.get(what) != after.get(what)
    ]


def _account(row: Mapping[str, Any]) -> str:
    return f"{row['account']}, {row['unit']}, {row['currency']}, {row['basis']}"


def _money(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "money": str(Money(row["nano"], row["currency"]))}
