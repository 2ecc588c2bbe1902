"""`steelyard release`: what answers, and how a person changes it. Knows no stage's inside.

Example: `steelyard release promote product.yaml --who li.lei --why "the users' outcomes are as good"`
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from steelyard.cli.groups import by_default
from steelyard.cli.options import DEFAULT, AsJson, File
from steelyard.figures import small

Named = Annotated[
    str | None, typer.Argument(metavar="[VARIANT]", help="its id, the beginning of it, or its name")
]
Who = Annotated[str, typer.Option("--who", help="who decides; kept with the release")]
Why = Annotated[str, typer.Option("--why", help="and why; kept with the release")]

release_app = typer.Typer(
    help="What answers users: look at it, or change it by hand.", cls=by_default("run")
)


@release_app.command("run")
def run(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """Set the chosen variant as canary. Runs the steps before it that are not done."""
    from steelyard.cli.commands import run_until

    run_until(product, until="release", as_json=as_json)


@release_app.command("status")
def status(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """What is live, what is canary, what each lacks, what they show, and who changed what."""
    from steelyard.cli.show import out

    facts = _facts(product)
    return out(facts) if as_json else _show(facts)


def _changing(verb: str, words: str) -> None:
    def command(
        who: Who, why: Why, product: File = DEFAULT, variant: Named = None, as_json: AsJson = False
    ) -> None:
        from steelyard.cli.show import out
        from steelyard.release.by_hand import change
        from steelyard.spec import load
        from steelyard.store import Store

        with closing(Store.open(load(product), create=False)) as store:
            moves = change(store, verb, variant, who=who, why=why)
        facts = _facts(product)
        if as_json:
            return out({"changed": [vars(move) for move in moves], **facts})
        for move in moves:
            typer.echo(f"{move.state}: {move.variant[:12]}")
        return _show(facts)

    command.__doc__ = words
    release_app.command(verb)(command)


for _verb, _words in (
    ("promote", "Put the canary, or VARIANT, live for every user."),
    ("rollback", "Take the canary back; without one, put what was live before (or VARIANT) live."),
    ("pin", "Keep what is live, or VARIANT, for every user: turns change nothing until unpin."),
    ("unpin", "Let turns change the release again."),
):
    _changing(_verb, _words)


def _facts(path: Path) -> dict[str, Any]:
    from steelyard.release.status import status_of
    from steelyard.spec import load
    from steelyard.store import Store

    file = load(path)
    with closing(Store.open(file, create=False)) as store:
        return status_of(store, file)


def _show(facts: dict[str, Any]) -> None:
    from steelyard.cli.show import heads, language, said, table

    for state in ("live", "canary"):
        row = facts[state]
        typer.echo(f"{state}: {_said(row)}" if row else f"{state}: none")
    for label, shown in (("readout", facts["readout"]), ("note", facts["note"])):
        if shown:
            typer.echo(f"{label}: {shown['reason'] if isinstance(shown, dict) else shown}")
    if facts["readout"] and facts["readout"].get("option"):
        from steelyard.words import sentence

        typer.echo(sentence(facts["readout"]["option"], "because", language()))
    if facts["readout"] and facts["readout"].get("metric"):
        _bought(facts["readout"]["metric"])
    rows = [
        [
            r["created"][:19].replace("T", " "),
            r["name"] and said("variant", r["name"]),
            said("state", r["state"]),
            r["share"],
            r["who"],
            r["reason"],
        ]
        for r in facts["history"]
    ]
    table(said("title", "releases"), heads("when", "variant", "state", "share", "who", "why"), rows)


def _bought(shown: dict[str, Any]) -> None:
    """What users bought, by arm, with the difference, the lift, and what is still missing."""
    from steelyard.cli.show import heads, language, said, table
    from steelyard.words import sentence

    rows = [
        [
            said("state", arm),
            f"{one['n']:,}",
            f"{one['waiting']:,}",
            f"{one['converted']:,}",
            small(one["value"]),
        ]
        for arm, one in shown["arms"].items()
    ]
    title = said("metric", shown["metric"])
    title += f", {shown['currency']}" if shown["currency"] else ""
    lines = [f"{said('head', 'difference')}: {_interval(shown['difference'], '+')}"]
    lines += [f"{said('head', 'lift')}: {_lift(shown['lift'])}"]
    if shown.get("missing"):
        lines += [f"{said('head', 'missing')}: {sentence(shown, 'missing', language())}"]
    names = heads("state", "users", "waiting", "bought", "a_user")
    table(title, names, rows, note="\n".join(lines))


def _interval(one: dict[str, Any] | None, sign: str) -> str:
    if one is None:
        return "?"
    value, low, high = (small(one[name], sign) for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _lift(one: dict[str, Any] | None) -> str:
    if one is None:
        return "?"
    value, low, high = (f"{one[name]:+.1%}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _said(row: dict[str, Any]) -> str:
    parts = [f"{row['name']} ({row['variant'][:12]}), {row['share']:.0%} of the users"]
    if row["pinned"]:
        parts.append(f"pinned by {row['pinned']['who']}: {row['pinned']['reason']}")
    parts += [f"misses a goal: {miss['en']}" for miss in row["misses"]]
    parts += [f"DAMAGED: {row['damaged']}"] if row["damaged"] else []
    return "; ".join(parts)
