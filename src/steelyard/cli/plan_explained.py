"""One place, step or look of a plan, for the eye. Knows no command.

Example: `show_explained(explain(load("product.yaml"), "labels"))`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from steelyard.cli.plan_show import WEEKS_A_MONTH, interval, named, percent, title
from steelyard.cli.plan_words import told
from steelyard.figures import around, money
from steelyard.words import sentence


def show_explained(facts: Mapping[str, Any]) -> None:
    """By what it is."""
    {"place": _place, "step": _step, "look": _look, "lever": _lever}[facts["kind"]](facts)


def _lever(facts: Mapping[str, Any]) -> None:
    """One that offers nothing now: what it says of that."""
    from steelyard.cli.show import language

    for one in facts["said"]:
        typer.echo(sentence(one, "because", language()))


def _place(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import language, said, table

    name, currency = named(facts), facts["currency"]
    typer.echo(f"{sentence(facts, 'because', language())} ({said('evidence', facts['evidence'])})")
    rows = [
        [money(one["money"]), interval(one["profit"]), interval(one["next"])]
        for one in facts["amounts"]
    ]
    heads = [told(one) for one in ("money", "brings", "next_unit")]
    table(title(told("amounts", name=name), simulated=facts["simulated"]), heads, rows)
    known = {"delay": f"{facts['delay']:.1f}", "best": percent(facts["best"])}
    if facts["most"] is None:
        typer.echo(told("endless", **known))
    else:
        typer.echo(told("capacity", most=money(facts["most"]), currency=currency, **known))
    if facts["least"] < 0:
        typer.echo(told("movable", least=money(-facts["least"]), currency=currency))
    if "once" in facts:
        once = facts["once"]
        cost = money(once["cost"]) if once["cost"] >= 1 else f"{once['cost']:.3g}"
        typer.echo(told("once", name=said("step", _step_name(once)), cost=cost, currency=currency))
    pays = facts["pays_from"]
    typer.echo(told("never_pays") if pays is None else told("pays_from", times=f"{pays:.2f}"))
    _chain(facts)
    if facts["switch"]:
        typer.echo(told("changes"))
        for one in facts["switch"]:
            typer.echo(f"  {sentence(one, 'because', language())}")
    typer.echo(sentence(facts, "do", language()))


def _step_name(once: Mapping[str, Any]) -> str:
    return "train" if once["name"] == "training" else str(once["name"])


def _chain(facts: Mapping[str, Any]) -> None:
    """Each link, and what shows the rows that it cites."""
    from steelyard.cli.show import language, said

    typer.echo(told("chain", money=money(facts["shown_at"]), currency=facts["currency"]))
    for row in facts["chain"]:
        cited = ", ".join(f"{name}: {value}" for name, value in row["rows"].items())
        behind = f"; {cited}" if cited else ""
        link = sentence(row, "because", language())
        typer.echo(f"  {link} ({said('evidence', row['evidence'])}{behind})")
        for command in row["commands"]:
            typer.echo(f"    {command}")


def _step(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import language, said

    typer.echo(
        told(
            "step",
            name=named(facts, "place"),
            profit=interval(facts["profit"]),
            currency=facts["currency"],
            months=facts["months"],
            evidence=said("evidence", facts["evidence"]),
        )
    )
    typer.echo(sentence(facts, "because", language()))
    typer.echo(told("taken" if facts["taken"] else "not_taken"))
    typer.echo(sentence(facts, "do", language()))


def _look(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import language

    typer.echo(
        told(
            "reads",
            name=named(facts),
            reads=interval(facts["reads"], digits=4),
            error=f"{facts['error']:.4g}",
            cost=money(facts["cost"]),
            currency=facts["currency"],
            weeks=f"{facts['takes_months'] * WEEKS_A_MONTH:.0f}",
            gross=around(facts["gross"]),
            net=around(facts["net"]),
        )
    )
    typer.echo(sentence(facts, "because", language()))
    typer.echo(sentence(facts, "do", language()))
