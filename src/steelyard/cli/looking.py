"""Commands that look at what turns left: variants, releases, turns, reports. Changes no fact.

Example: `steelyard show --turn 7`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from steelyard.cli.options import DEFAULT, AsJson, File

if TYPE_CHECKING:
    from steelyard.spec import ProductFile

TURNS_SHOWN = 10
SHORT = 10  # of an id, for the eye; --json shows the whole
PastTurn = Annotated[int | None, typer.Option("--turn", help="a turn of the past", min=1)]


def show(product: File = DEFAULT, turn: PastTurn = None, as_json: AsJson = False) -> None:
    """Variants with their measures, and what is released; with --turn what that turn did."""
    from steelyard.api.facts import released, turns, variants
    from steelyard.cli.show import heads, out, said, table
    from steelyard.spec import load

    file = load(product)
    if turn is not None:
        return _show_turn(file, turn, as_json=as_json)
    listed, live, begun = variants(file), released(file), turns(file)
    if as_json:
        return out({"variants": listed, "releases": live, "turns": begun})
    quality = next((row["quality"] for row in listed if row["quality"]), "macro_f1")
    columns = ["name", "variant", quality, "p95_ms", "memory_mb", "cost_per_1000", "state"]
    name = {row["variant"]: said("variant", row["name"]) for row in listed}
    seen = [
        row
        | {
            "name": name[row["variant"]],
            "variant": row["variant"][:SHORT],
            "state": _state(row["state"]),
        }
        for row in listed
    ]
    table(
        said("title", "variants"), heads(*columns), [[row.get(c) for c in columns] for row in seen]
    )
    rows = [
        [_when(r["created"]), name.get(r["variant"]), _state(r["state"]), r["share"], r["reason"]]
        for r in live
    ]
    table(said("title", "releases"), heads("when", "variant", "state", "share", "why"), rows)
    newest = [[t["id"], _when(t["started"]), _when(t["ended"])] for t in begun[-TURNS_SHOWN:]]
    note = "steelyard show --turn N; steelyard diff N M"
    return table(said("title", "turns"), heads("turn", "started", "ended"), newest, note=note)


def _state(state: str | None) -> str | None:
    from steelyard.cli.show import said

    return None if state is None else said("state", state)


def _when(time: str | None) -> str:
    return "-" if time is None else time[:19].replace("T", " ")


def _show_turn(file: ProductFile, number: int, *, as_json: bool) -> None:
    from steelyard.api.turns import past
    from steelyard.cli.show import heads, out, said, table

    turn = past(file, number)
    if as_json:
        return out(turn)
    title = (
        f"{said('head', 'turn')} {number}: {_when(turn['started'])} - {_when(turn['ended'])} (UTC)"
    )
    steps = [
        [said("step", s["name"]), said("how", s["how"]), s["cpu_s"], s["money"], s["key"][:SHORT]]
        for s in turn["steps"]
    ]
    return table(title, heads("step", "how", "cpu_s", "money", "key"), steps)


def diff(
    first: Annotated[int, typer.Argument(help="a turn", min=1)],
    second: Annotated[int, typer.Argument(help="another turn", min=1)],
    product: File = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """What changed between two turns: in the product file, in the facts, in the money."""
    from steelyard.api.turns import compared
    from steelyard.cli.show import heads, out, said, table
    from steelyard.spec import load

    changes = compared(load(product), first, second)
    if as_json:
        return out(changes)
    lines = changes["file"]
    told = said("diff", "no file") if lines is None else "\n".join(lines)
    typer.echo(told or said("diff", "same file"))
    columns = [*heads("what"), *(f"{said('head', 'turn')} {n}" for n in (first, second))]
    for name in ("facts", "steps", "money"):
        rows = [[r["what"], r["before"], r["after"]] for r in changes[name]]
        if rows:
            table(said("title", name), columns, rows)
        else:
            typer.echo(f"{said('title', name)}: {said('diff', 'same')}")
    return None


def report(product: File = DEFAULT, turn: PastTurn = None, as_json: AsJson = False) -> None:
    """Where the newest report is; with --turn that of a past turn is written again."""
    from steelyard.api.facts import reports
    from steelyard.api.turns import reported
    from steelyard.cli.show import out
    from steelyard.spec import load

    file = load(product)
    paths = reports(file) if turn is None else reported(file, turn)
    if as_json:
        return out(paths)
    none = f"no report yet; run: steelyard turn {file.path.name}"
    return typer.echo("\n".join(paths) or none)
