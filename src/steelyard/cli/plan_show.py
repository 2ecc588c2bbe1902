"""A plan, a what-if, a proposal and scores as tables. Knows no command.

Example: `show_plan(plan(load("product.yaml")))`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from steelyard.cli.plan_words import marked, told
from steelyard.figures import around, money
from steelyard.terms import LANGUAGES, recommendation, term
from steelyard.words import sentence

if TYPE_CHECKING:
    from steelyard.api.approving import Proposal

WEEKS_A_MONTH = 365.25 / 12 / 7
UNKNOWN = 3  # sentences on what is not known; the rest is in `--json` and in the report
NONE = 0.005  # of money: less is written as none
Three = Mapping[str, float]


def interval(three: Three, *, digits: int = 2) -> str:
    """`+1.20 [+0.80, +1.60]`."""
    value, low, high = (f"{three[name]:+,.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def named(one: Mapping[str, Any], kind: str = "option") -> str:
    """What a part is called."""
    from steelyard.cli.show import said

    if one.get("called"):
        return str(one["called"][_at()])
    return said("place", one["name"]) if kind == "place" else said(kind, one["name"])


def _at() -> int:
    from steelyard.cli.show import language

    return LANGUAGES.index(language())


def arm_of(arm: str) -> str:
    from steelyard.reason import Reason
    from steelyard.words import both

    chosen = Reason("arm.market") if arm == "market" else Reason("arm.technology")
    return both(chosen)[LANGUAGES[_at()]]


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def title(text: str, *, simulated: bool) -> str:
    from steelyard.cli.show import market_title

    return market_title(text, simulated=simulated)


def show_plan(facts: Mapping[str, Any]) -> None:
    """The answer, the split, both sides, the looks, and what is not known."""
    from steelyard.cli.show import language

    split, spoken = facts["split"], language()
    head = recommendation(facts["recommendation"], spoken)
    unit, currency = f"{split['budget']:,.0f}", split["currency"]
    typer.echo(told("next", unit=unit, currency=currency, what=head))
    typer.echo(sentence(facts, "because", spoken))
    typer.echo(marked("aside", said=told("of_turn", turn=facts["turn"])))
    if facts["changed"]:
        typer.echo(told("changed", turn=facts["turn"], names=", ".join(facts["changed"])))
    typer.echo("")
    _split(split)
    _sides(split)
    _looks(split)
    if split["unknown"]:
        typer.echo(told("unknown"))
        for one in split["unknown"][:UNKNOWN]:
            typer.echo(f"  {sentence(one, 'because', spoken)}")
        if len(split["unknown"]) > UNKNOWN:
            typer.echo(f"  {told('more_unknown', n=len(split['unknown']) - UNKNOWN)}")
    if asked := split.get("on_request"):
        typer.echo(told("on_request", names=", ".join(asked)))


def _split(split: Mapping[str, Any]) -> None:
    from steelyard.cli.show import said, table

    rows = [
        [
            named(one),
            money(one["spend"]),
            interval(one["next"]),
            percent(one["best"]),
            said("evidence", one["evidence"]),
        ]
        for one in split["parts"]
    ]
    steps = [one for one in split["steps"] if one["taken"]]
    rows += [
        [named(one, "variant"), money(one["cost"]), "-", "-", said("evidence", one["evidence"])]
        for one in steps
        if one["cost"] >= NONE
    ]
    kept = split["kept"]
    rows.append([told("kept"), money(kept["money"]), "-", percent(kept["best"]), "-"])
    taken = [named(one, "variant") for one in steps if one["cost"] < NONE]
    heads = [told(name) for name in ("place", "money", "next_unit", "best", "evidence")]
    note = told("free", what=", ".join(taken)) if taken else ""
    table(title(told("split"), simulated=split["simulated"]), heads, rows, note=note)


def _sides(split: Mapping[str, Any]) -> None:
    from steelyard.cli.show import language, table

    arms = split["arms"]
    rows = [
        [arm_of(arm), money(arms[arm]["spend"]), interval(arms[arm]["alone"])]
        for arm in ("technology", "market")
    ]
    lines = [
        sided(arms["better"], arms["sure"], [arms[a]["alone"] for a in ("technology", "market")])
    ]
    lines += [sentence(one, "because", language()) for one in split["switch"]]
    heads = [told(name) for name in ("side", "money", "alone")]
    table(title(told("sides"), simulated=split["simulated"]), heads, rows, note="\n".join(lines))


def sided(better: str, sure: float, alone: Sequence[Three]) -> str:
    """Which side is worth more, where any is."""
    if abs(alone[0]["value"] - alone[1]["value"]) < NONE:
        return told("equal")
    return told("sure", side=arm_of(better), sure=percent(sure))


def _looks(split: Mapping[str, Any]) -> None:
    from steelyard.cli.show import language, table

    rows = [
        [
            named(one),
            money(one["cost"]),
            f"{one['months'] * WEEKS_A_MONTH:.0f}",
            around(one["net"]),
        ]
        for one in split["looks"]
    ]
    # folded into a column a sentence would be a word a line; those that do not pay need none
    how = [
        marked("pair", name=named(one), said=sentence(one, "do", language()))
        for one in split["looks"]
        if one["net"] > 0
    ]
    if rows:
        heads = [told(name) for name in ("look", "costs", "weeks", "net")]
        table(title(told("looks"), simulated=split["simulated"]), heads, rows)
    for line in how:
        typer.echo(line)


def show_what_if(facts: Mapping[str, Any]) -> None:
    """Before and after side by side."""
    from steelyard.cli.show import table

    before, after = facts["before"], facts["after"]
    places = list(dict.fromkeys([*before["spend"], *after["spend"]]))
    rows = [_row("budget", before, after, lambda one: money(one["budget"]))]
    rows += [
        [
            term("option", name, LANGUAGES[_at()]),
            *(money(one["spend"].get(name, 0.0)) for one in (before, after)),
        ]
        for name in places
    ]
    rows += [
        _row("kept", before, after, lambda one: money(one["kept"])),
        _row("steps", before, after, lambda one: ", ".join(one["steps"]) or "-"),
        _row("profit", before, after, lambda one: interval(one["profit"])),
        _row("better", before, after, _better),
        _row("shadow", before, after, lambda one: f"{one['shadow']:+,.2f}"),
    ]
    asked = ", ".join(f"{name} = {value:,.10g}" for name, value in facts["asked"].items())
    head = title(told("what_if", asked=asked), simulated=facts["simulated"])
    table(head, [told("what"), told("before"), told("after")], rows, note=facts["currency"])


def _row(name: str, before: Any, after: Any, say: Any) -> list[str]:
    return [told(name), say(before), say(after)]


def _better(one: Mapping[str, Any]) -> str:
    alone = [one["alone"][arm] for arm in ("technology", "market")]
    if abs(alone[0]["value"] - alone[1]["value"]) < NONE:
        return "-"
    return f"{arm_of(one['better'])} ({percent(one['sure'])})"


def show_proposal(proposal: Proposal) -> None:
    """What would be approved, and the change of the product file."""
    from steelyard.cli.show import language

    fact = proposal.fact
    if proposal.known:
        typer.echo(told("finishes", turn=fact.turn, who=fact.who))
    typer.echo(told("approves", turn=fact.turn, days=f"{fact.days:g}", do=proposal.do[language()]))
    typer.echo("\n".join(proposal.diff) or told("unchanged"))


def show_scores(facts: Mapping[str, Any]) -> None:
    """Each forecast beside what was seen; what will be scored where there is none yet."""
    from steelyard.cli.show import language, table

    if not facts["rows"]:
        return typer.echo(sentence(facts, "none", language()))
    rows = [
        [
            str(one["turn"]),
            told("value", currency=facts["currency"])
            if one["what"] == "split"
            else told(one["what"]),
            _said(one["said"]),
            f"{one['seen']:,.4g}" if abs(one["seen"]) < 1000 else f"{one['seen']:,.0f}",
            "-" if one["held"] is None else told("yes" if one["held"] else "no"),
        ]
        for one in facts["rows"]
    ]
    heads = [told(name) for name in ("turn", "what", "said", "seen", "held")]
    table(title(told("scores"), simulated=facts["simulated"]), heads, rows)
    for one in facts["rows"]:
        typer.echo(told("of_turn_n", turn=one["turn"], said=sentence(one, "text", language())))
    made = facts["calibration"]
    if made["n"]:
        shares = {name: percent(made[name]) for name in ("share", "low", "high")}
        typer.echo(told("calibration", held=made["held"], n=made["n"], **shares))
    return None


def _said(said: Sequence[float | None]) -> str:
    value, low, high = (
        None if x is None else f"{x:,.4g}" if abs(x) < 1000 else f"{x:,.0f}" for x in said
    )
    return str(value) if low is None else f"{value} [{low}, {high}]"
