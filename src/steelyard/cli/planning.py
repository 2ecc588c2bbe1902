"""`steelyard plan`: where the next unit of money goes, what would change that, who approved it and how it did. Knows no lever.

Example: `steelyard plan product.yaml --what-if budget=20000`
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from steelyard.cli.groups import by_default
from steelyard.cli.options import DEFAULT, AsJson, File
from steelyard.errors import Refused, UserError

plan_app = typer.Typer(help="Where the next unit of money returns most.", cls=by_default("now"))


@plan_app.command("now")
def plan_now(
    product: File = DEFAULT,
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if", help="KEY=VALUE, as budget=20000 or plan.caution=0.5; repeatable"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The plan of now, of the newest turn and today's books; runs and writes nothing.

    Before the first plan it runs the steps up to it, as `turn --until plan` always does.
    """
    from steelyard.api import planning
    from steelyard.cli.plan_show import show_plan, show_what_if
    from steelyard.cli.show import out
    from steelyard.spec import load

    file = load(product)
    if what_if:
        compared = planning.what_if(file, what_if)
        return out(compared) if as_json else show_what_if(compared)
    if not planning.is_planned(file):
        from steelyard.cli.commands import run_until

        return run_until(product, until="plan", as_json=as_json)
    facts = planning.plan(file)
    out(facts) if as_json else show_plan(facts)
    if facts["refused"]:  # the facts are shown all the same
        raise Refused(facts["refused"])
    return None


@plan_app.command("explain")
def plan_explain(
    lever: Annotated[str, typer.Argument(help="a place, a step or a look, as the plan names it")],
    product: File = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """What amounts would bring there, what that rests on, and what would change it."""
    from steelyard.api.planning import explain
    from steelyard.cli.plan_explained import show_explained
    from steelyard.cli.show import out
    from steelyard.spec import load

    facts = explain(load(product), lever)
    return out(facts) if as_json else show_explained(facts)


@plan_app.command("tornado")
def plan_tornado(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """Which beliefs move the profit of the plan most, each at either end of its interval."""
    from steelyard.api.planning import tornado
    from steelyard.cli.plan_explained import show_tornado
    from steelyard.cli.show import out
    from steelyard.spec import load

    facts = tornado(load(product))
    return out(facts) if as_json else show_tornado(facts)


@plan_app.command("approve")
def plan_approve(
    who: Annotated[str, typer.Option("--who", help="who approves; kept in the ledger")],
    product: File = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="without being asked")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="though the evidence says something else by now")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let the next turn do what the newest plan says: sets label.start, notes channels in the ledger."""
    from steelyard.api.approving import approve, proposed
    from steelyard.cli.plan_show import show_proposal
    from steelyard.cli.plan_words import told
    from steelyard.cli.show import out
    from steelyard.spec import load

    if as_json and not yes:
        raise UserError("plan approve", "--yes beside --json, where nobody can be asked", "none")
    proposal = proposed(load(product), who=who, anyway=anyway)
    if not as_json:
        show_proposal(proposal)
    if not yes and not typer.confirm(told("ask")):
        return typer.echo(told("not_approved"))
    made = approve(proposal)
    if as_json:
        return out(made)
    said = "approved" if made["labels"] is not None else "approved_no_labels"
    return typer.echo(told(said, who=made["who"], file=proposal.file.path.name))


@plan_app.command("score")
def plan_score(product: File = DEFAULT, as_json: AsJson = False) -> None:
    """What each past plan said beside what happened since, and how often its intervals held."""
    from steelyard.api.planning import score
    from steelyard.cli.plan_show import show_scores
    from steelyard.cli.show import out
    from steelyard.spec import load

    facts: dict[str, Any] = score(load(product))
    return out(facts) if as_json else show_scores(facts)
