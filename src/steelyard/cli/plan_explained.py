"""One place, step or look of a plan, for the eye. Knows no command.

Example: `show_explained(explain(load("product.yaml"), "labels"))`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from steelyard.cli.plan_show import WEEKS_A_MONTH, interval, named, percent, title
from steelyard.cli.plan_words import marked, told
from steelyard.figures import around, believed, money
from steelyard.words import sentence


def show_explained(facts: Mapping[str, Any]) -> None:
    """By what it is."""
    {"place": _place, "step": _step, "look": _look, "lever": _lever}[facts["kind"]](facts)


def _lever(facts: Mapping[str, Any]) -> None:
    """One that offers nothing now: what it says of that."""
    from steelyard.cli.show import language

    for one in facts["said"]:
        typer.echo(sentence(one, "because", language()))


def show_tornado(facts: Mapping[str, Any]) -> None:
    """The belief that moves most first."""
    from steelyard.cli.show import language, table

    if not facts["rows"]:
        return typer.echo(told("unmoved"))
    rows = [
        [
            sentence(one, "said", language()) + (" *" if one["assumed"] else ""),
            *(believed(one[end]["at"], one["unit"]) for end in ("low", "high")),
            *(_there(one[end]) for end in ("low", "high")),
        ]
        for one in facts["rows"]
    ]
    known = {"profit": f"{facts['profit']:+,.2f}", "currency": facts["currency"]}
    heads = [told(one) for one in ("belief", "from", "to", "profit_from", "profit_to")]
    head = told("tornado", months=facts["months"], **known)
    table(title(head, simulated=facts["simulated"]), heads, rows)
    if any(one["assumed"] for one in facts["rows"]):
        typer.echo(told("written"))
    return None


def _there(end: Mapping[str, Any]) -> str:
    """Profit of the plan, and where more would be had."""
    profit = f"{end['profit']:+,.2f}"
    if "better" not in end:
        return profit
    better = {"name": named(end["better"]), "more": f"{end['better']['profit']:+,.2f}"}
    return told("better_there", profit=profit, **better)


def _place(facts: Mapping[str, Any]) -> None:
    from steelyard.cli.show import language, said, table

    name, currency = named(facts), facts["currency"]
    aside = marked("aside", said=said("evidence", facts["evidence"]))
    typer.echo(f"{sentence(facts, 'because', language())} {aside}")
    rows = [
        [money(one["money"]), interval(one["profit"]), interval(one["next"])]
        for one in facts["amounts"]
    ]
    heads = [told(one) for one in ("money", "brings", "there_more")]
    table(title(told("amounts", name=name), simulated=facts["simulated"]), heads, rows)
    known = {"delay": f"{facts['delay']:.1f}", "best": percent(facts["best"])}
    if facts["most"] is None:
        typer.echo(told("endless", **known))
    else:
        typer.echo(told("capacity", most=money(facts["most"]), currency=currency, **known))
    if facts["least"] < 0:
        typer.echo(told("movable", least=money(-facts["least"]), currency=currency))
    if "unit_more" in facts:
        typer.echo(told("whole", value=interval(facts["unit_more"])))
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
        cited = ", ".join(
            marked("pair", name=name, said=value) for name, value in row["rows"].items()
        )
        behind = f"; {cited}" if cited else ""
        link = sentence(row, "because", language())
        aside = marked("aside", said=f"{said('evidence', row['evidence'])}{behind}")
        typer.echo(f"  {link} {aside}")
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
