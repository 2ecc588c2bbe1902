"""Write bench/README.md from the results files: every number with its command beside it.

`python bench/page.py`
"""

from __future__ import annotations

import json
from typing import Any

from common import RESULTS, ROOT

from steelyard.files import write

TITLES = {
    "demo": "The demo, from raw text to the answer",
    "startup": "`steelyard --help`",
    "lines": "Another kind of each sort: the lines of a stranger's package",
    "replay": "10,000 requests with the server killed on the way",
    "cifar": "CIFAR-10 through the whole turn",
    "spans": "Spans of CLUENER, an encoder beside a dictionary",
    "plan": "The planner on companies whose truth is known",
    "books": "The planner on simulated companies that it knows from their books alone",
    "answer": "The plan of now: seconds and memory, beside a command that only opens the store",
    "mix": "Marketing mix: companies whose market is known, and real series",
    "mix_geo": "Marketing mix: one simulated market of Meridian, beside pymc-marketing and Meridian",
    "served": "Predicted against served: cost, p95 and memory",
    "latency": "One client, beside a plain FastAPI with the same model",
    "around": "What a server adds to a model: CPU a request",
    "overload": "Twice and four times the capacity: a baseline",
    "overload_int8": "Twice and four times the capacity: an encoder in int8",
    "hostile": "Hostile requests: what the other users wait",
    "hostile_groups": "Hostile requests, since answers leave in groups",
    "hostile_int8": "Hostile requests to an encoder in int8",
    "privacy": "Personal data planted between neighbours of every script",
    "flips": "Flipped bits over every file of a store",
    "kills": "Kills of a turn and of a server",
    "large": "A ledger of 0.2.2 with a million answers, outcomes and lines",
    "large_10000000": "The same with ten million",
    "large_300000": "The same with 300,000, and as many lines by day, channel and customer, and imported exports",
    "large_postgresql": "The same with a million in PostgreSQL",
    "writers": "Eight writers on one ledger, one of them killed",
    "writers_postgresql": "The same in PostgreSQL",
    "lifetime": "Lifetime value on the purchases of CDNOW, beside `lifetimes`",
    "designs": "Experiments on channels: errors kept on simulated truth, and two published experiments",
    "visitors": "What users bought as a release experiment reads it, and slopes pooled over experiments",
    "release": "Release experiments on simulated truth: wrong decisions, and what it takes to be right",
    "curves": "Learning curves: forecasts against what one training more brought",
    "carry": "Tests of channels whose ads carry over: how often the interval holds what they brought",
    "use": "Economics of a million answers and outcomes",
    "use_postgresql": "The same in PostgreSQL",
    "launch": "The launch page in a browser",
    "cover": "How often intervals of quality hold the truth",
    "choices": "The choice among variants: another hold-out, its limit, its goals, money",
    "faults": "Faults of the first build, each with its test now",
}
_CROWD = "`capacity` is what clients that wait for each answer get in time, at the best of 8, 16 and 32 of them; `sustained` what requests at random times get, at the best of several rates. Goodput of an overload is given as a share of both; what we want is 0.9 of the capacity."
NOTES = {
    "lines": "A package installed beside this one (`tests/stranger`). `lines_elsewhere` are lines of `src` and of the table of entry points that name the kind or its module; what we want is none. A task or a method on `stranger_rows.py` counts that whole file, which holds both.",
    "around": "CPU of the server's process a request, without what the model itself takes; at one client and at 32. steelyard's answers are on the disk when they are acknowledged, the other two write nothing. What we want is at most 0.35 ms at 32 clients and 1 ms at one.",
    "spans": "A span is right when its borders and its entity are (steelyard's own scorer); of a hold-out of the training file. Published figures are of another part and other scorers: BERT-base 78.8 in CLUENER2020's paper, 64.7 by its repository's script.",
    "demo": "`now_over_before` compares with the version before in one run; what we want is two thirds of its minutes, and at most 6 GB over all processes.",
    "plan": "`regret` is the share of the profit of a plan that knows the truth; `better_than_equal_and_nothing` the share of companies; the cover is of the true expected profit in the 80 % interval of the plan. What we want is a regret of at most 0.01 with a full ledger and 0.04 cold, 0.77 to 0.83 covered, at most 2 s a plan. Seconds are by the wall on a machine that others used meanwhile.",
    "books": "Two years of files of spend, visits, customers and sales are imported and believed as a user's are; labels have a curve of five trainings. The mix is fitted to `sales` (the default), to `visits`, or to neither (`by_price`). `a_unit_brings` is profit within a year for one unit of money; the oracle divides by the truth, in places no larger than the plan takes them. `regret` is a share of the year's profit of the oracle. The cover is of the true gain, trainings turning out so or so, in the 80 % interval of the plan, of the companies in which it places money; what we want is 0.77 to 0.83. Customers buy 2.7 times on average, which a mix of sales sees only as far as an ad's effect carries over. `slopes_as_assumed`: what a point of quality does to conversion and retention is true as every product assumes it before an experiment; `slopes_of_the_kind`: it is more than that, and nobody has measured it.",
    "answer": "Of the demo's store with the simulated market in its books, each command a process of its own; `start` is `steelyard show`. What we want is a plan within 2 s, a what-if within 1 s and 300 MB, beside the start.",
    "mix": "`error_of_contributions` is the mean relative error over channels; `loss_of_split` is the share of the best steady response that the fitted split of the same budget loses. What we want is at most 2 s a fit, an error of at most 1.1 times that of NUTS, a cover of at least 0.92, a loss of at most 0.025. Of real series the truth is not known: the forecast is that of the last three horizons, given their spend, beside the seasonal naive one.",
    "mix_geo": "Regions are added up, and each is given the same weeks of spend and controls; Meridian is made for regions and for exposures beside spend, and has eight knots here instead of a season. What each channel really brought is not in the file: the shares are beside each other, not right or wrong. Seconds are by the wall on a machine that others use.",
    "served": "What we want is a served figure within 1.25 of the predicted one, both ways, and memory that grows by less than 10 %.",
    "latency": "What we want is 1.5 ms above the plain server, which writes nothing down.",
    "overload": _CROWD,
    "overload_int8": _CROWD,
    "hostile": "`p99_ratio` is the p99 of another client during the attack over the same without it; what we want is at most 2.",
    "large": "`opened_s` is the start of the process with its imports and the opening, `read_s` what is read then; what we want is that each of show, sums, report and readout is read within a second. Here, with ten million and in PostgreSQL every added line is of one account and one turn, as the bench had it when this was measured; it has several accounts, days, channels and imported exports since, and then sums take longer (see 300,000).",
    "lifetime": "`forecast` is a 90 % interval under the model: customers of CDNOW bought more in the second half than BG/NBD says, and the interval misses. Published parameters are of Fader, Hardie & Lee 2005, table 2. Simulated customers live by the model.",
    "designs": "What we want is 5 % false lifts and 80 % power. GeoLift's p-value permutes days, ours permutes regions: the lift can be compared, the p-value cannot.",
    "visitors": "A real test of 90,189 users, whose rounds stand for money, at the confidence of one of three intervals; `users_more` are missing to tell the two apart. `missed`: at one look or more the interval did not hold the truth; what we want is at most 0.05. `covered`: what we want is 0.95; where the error of x is as large as its spread, the mean slope comes out up to three tenths too steep.",
    "release": "`missed` is an interval that did not hold the truth at one look or more, and what we want is at most 0.05; widths and numbers say what that costs. `before` is the rule until decision 0031. A `null` is a half or more that never came to it. A cheaper canary worse by less than the margin may be promoted (0031).",
    "curves": "The gain of one training more over the model that was measured, as a large test of other records knows it; that test's own error is in it. `before` is the power law widened by a back-test, `now` the mixture, on the same points; `error` is the root of the mean squared one. Rows are the shares of the labels that were trained, the whole being forecast. In `various_tasks` every curve is of another task: some of the labels of a set, 400 to 3,200 labels, one of two learners; `various_tasks_of_sets_not_tuned_to` leaves out the two sets that told how steady methods without a seed are (`sentiment`, `topics`). `truths` have the noise of fine-tuning. What we want is 0.90 to 0.97 at 95 %, and no wider.",
    "carry": "Shares of intervals of 95 % that hold the truth; `above` and `below` are those that lie wholly there. `as_drawn` is the interval of the randomization test alone, `allowing` the one that is told: it allows for carry-over, and costs width. What we want is 0.92 or more.",
    "use": "`join_s` is the plain join of before, `kept_s` the same figures from what is kept by day; `same` says that they are equal. Economics also fits the purchases of 2,000 customers, which takes most of its time. Seconds are by the wall on two cores that others used too; those of the CPU are beside them where the database is in the process. What we want is a second.",
    "launch": "Each page is loaded, and asked a question that can be read and one that cannot; of every figure the largest. `bytes` came over the wire with the heads of responses; `critical` to `minor` are axe's findings. What we want is less than 100 KB, no other host, and nothing serious.",
    "cover": "Simulated hold-outs of known populations. `before` is the percentile interval; `after` is what is told now, where `told` says how often an interval is told at all; `safe` is what code reads where a class has too few examples. Shares of intervals of 95 % that hold the truth; what we want is 0.93.",
    "choices": "Simulated variants whose loss is known; `before` is the rule up to 0.3. What we want is at most 0.1 flips of money, and `beyond` at most one minus the confidence. Money is against the uncompressed variant for a million requests; `oracle` knows every loss.",
    "hostile_int8": "As above, with a model that computes for longer.",
}
APART = ("variants", "faults")  # shown as tables of their own


def main() -> None:
    parts = [
        "# What was measured\n",
        "Written by `python bench/page.py` from `bench/results/`. The machine was shared: trust ratios taken\nin one run above single times.\n",
    ]
    for name, title in TITLES.items():
        path = RESULTS / f"{name}.json"
        if not path.is_file():
            continue
        body = json.loads(path.read_text(encoding="utf-8"))
        m = body["machine"]
        parts.append(f"## {title}\n")
        parts.append(
            f"`{body['command']}`, {m['measured']}, {m['cores']} cores of {m['processor']}, Python {m['python']}, load before {m['load_before']}.\n"
        )
        parts += [f"{NOTES[name]}\n"] if name in NOTES else []
        plain = {k: v for k, v in body["figures"].items() if k not in APART}
        rows = {k: v for k, v in plain.items() if _is_table(v)}
        flat = [f"| {key} | {_shown(value)} |" for key, value in plain.items() if key not in rows]
        parts += ["| figure | value |\n|---|---|", *flat] if flat else []
        parts += [_table(key, value) for key, value in rows.items()]
        parts.append(_variants(body["figures"].get("variants")))
        parts.append(_faults(body["figures"].get("faults")))
    write(ROOT / "bench" / "README.md", "\n".join(parts).rstrip() + "\n")


def _is_table(value: Any) -> bool:
    """Figures of several things, each with the same names."""
    return isinstance(value, dict) and sum(isinstance(v, dict) for v in value.values()) > 1


def _table(name: str, value: dict[str, Any]) -> str:
    """A row for each thing; what stands beside them is said in front."""
    rows = {k: v for k, v in value.items() if isinstance(v, dict)}
    beside = ", ".join(f"{k} {_shown(v)}" for k, v in value.items() if k not in rows)
    columns = list(dict.fromkeys(c for row in rows.values() for c in row))
    head = f"\n**{name}**{f' ({beside})' if beside else ''}\n\n| | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}"
    body = [
        f"| {k} | {' | '.join(_shown(row.get(c, '')) for c in columns)} |"
        for k, row in rows.items()
    ]
    return "\n".join([head, *body, ""])


def _shown(value: Any) -> str:
    if isinstance(value, dict) and {"value", "low", "high", "n"} <= set(value):
        return f"{value['value']:.4f} [{value['low']:.4f}, {value['high']:.4f}], n = {value['n']:,}"
    if isinstance(value, dict):
        return "; ".join(f"{k}: {_shown(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(f"{v[0]:,}: {v[1]}" if isinstance(v, list) else str(v) for v in value)
    return str(value)


def _variants(rows: dict[str, dict[str, float]] | None) -> str:
    if not rows:
        return ""
    head = "\n| variant | quality | CPU ms an item | p95 ms | memory MB | cost per 1,000 |\n|---|---|---|---|---|---|"
    body = [
        f"| {n} | {r['quality']:.4f} | {r['cpu_ms']:.2f} | {r['p95_ms']:.1f} | {r['memory_mb']:.0f} | {r['cost_per_1000']:.6f} |"
        for n, r in rows.items()
    ]
    return "\n".join([head, *body, ""])


def _faults(rows: list[dict[str, Any]] | None) -> str:
    if not rows:
        return ""
    head = "\n| fault | input | right | tests and their result |\n|---|---|---|---|"
    body = [f"| {r['fault']} | {r['input']} | {r['right']} | {_tests(r['tests'])} |" for r in rows]
    return "\n".join([head, *body, ""])


def _tests(results: dict[str, str]) -> str:
    return "; ".join(f"`{name}` {result}" for name, result in results.items()) or "none"


if __name__ == "__main__":
    main()
