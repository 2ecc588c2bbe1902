"""`steelyard sandbox`: a simulated company, planned month by month beside three that are not. Knows no simulation.

Example: `steelyard sandbox --kind recommender --seed 3`
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from steelyard.cli.options import AsJson, Language


def sandbox(
    kind: Annotated[
        str, typer.Option(help="service_desk, opinion_monitor or recommender")
    ] = "service_desk",
    seed: Annotated[int, typer.Option(help="which company of that kind")] = 1,
    months: Annotated[int, typer.Option(help="how long it is played, at most 12")] = 12,
    budget: Annotated[float | None, typer.Option(help="money for all months; else usual")] = None,
    html: Annotated[Path, typer.Option("--html", help="where the picture is written")] = Path(
        "sandbox.html"
    ),
    language: Language = None,
    as_json: AsJson = False,
) -> None:
    """Play a simulated company for a year: what the plan does beside equal parts, all market and all technology."""
    from steelyard.api.sandbox import sandbox as played
    from steelyard.cli.show import language_of, out, table
    from steelyard.files import write
    from steelyard.report.sandbox_page import did, headline, money, render
    from steelyard.report.sandbox_words import WORDS
    from steelyard.terms import term

    chosen, made = language_of(language), []
    for month in played(kind, seed=seed, months=months, budget=budget):
        made.append(month)
        if not as_json:
            profit = ", ".join(
                f"{term('manager', n, chosen)} {money(v)}" for n, v in month["profit"].items()
            )
            typer.echo(
                f"{month['month']:>2}/{months}  {did(month['did'], chosen)}\n       {profit}"
            )
    if as_json:
        return out(made)
    words, profits = WORDS[chosen], made[-1]["profit"]
    order = sorted(profits, key=lambda name: -profits[name])
    rows = [[term("manager", name, chosen), money(profits[name])] for name in order]
    title = words["title"].format(kind=term("kind", kind, chosen), months=months)
    table(
        f"{title} ({term('title', 'simulated', chosen)})", [words["manager"], words["profit"]], rows
    )
    typer.echo(headline(made[-1], chosen))
    write(html, render(made, language=chosen))
    return typer.echo(words["picture"].format(path=html))
