"""Invented facts of a whole turn, for the tests of the report."""

from dataclasses import replace
from decimal import Decimal

from steelyard.goals import Limit
from steelyard.report import ReportFacts
from steelyard.report.facts import MoneyRow
from steelyard.spec import Money
from steelyard.stage import names
from steelyard.store import CASH, IMPUTED

M = {"value": 0.86, "low": 0.85, "high": 0.87, "n": 2503}


def row(name, quality, cost, *, chosen=False, **changed):
    return {
        "variant": name,
        "name": name,
        "quality": quality,
        "low": quality - 0.01,
        "high": quality + 0.01,
        "p95_ms": 20.0,
        "memory_mb": 200.0,
        "cpu_ms": 5.0,
        "cost_per_1000": cost,
        "meets": True,
        "chosen": chosen,
        "why": "costs 2.1x <openvino_int8>",
        "why_zh": "成本是 <openvino_int8> 的 2.1 倍",
    } | changed


def option(name, net, low, high, evidence="measured"):
    return {
        "name": name,
        "spend": 1000.0,
        "value": net + 1000,
        "net": net,
        "low": low,
        "high": high,
        "evidence": evidence,
        "because": f"because {name}",
        "because_zh": "因为如此",
    }


def arm(variant, cost=0.001, p95_ms=6.0, n=750):
    return {
        "variant": variant,
        "name": variant,
        "n": n,
        "outcome": 0.81,
        "cost_per_1000": cost,
        "p95_ms": p95_ms,
    }


def detail(labels, *, wrong=3):
    """Label i is answered as label i + 1 `wrong` times more the larger i is."""
    size = len(labels)
    counts = [[40 if i == j else 0 for j in range(size)] for i in range(size)]
    for i in range(size - 1):
        counts[i][i + 1] = wrong + (9 if i == size // 2 else 0)
    figures = [
        {"label": name, "precision": 0.9, "recall": 40 / sum(counts[i]), "f1": 40 / sum(counts[i])}
        for i, name in enumerate(labels)
    ]
    bins = [{"n": 10, "confidence": 0.9, "accuracy": 0.88}]
    return {
        "labels": list(labels),
        "confusion": counts,
        "per_label": figures,
        "calibration": {"error": 0.02, "bins": bins},
    }


def outputs(labels=("负面", "<script>alert(1)</script>")):
    by_label = dict.fromkeys(labels, 30)
    return {
        "data": {
            "dataset": "d",
            "counts": [{"operator": "dedupe", "in": 100, "out": 60, "detail": {"duplicate": 40}}],
            "splits": {"train": by_label, "holdout": by_label, "stream": by_label},
            "rejects": {"total": 0},
            "languages": {},
        },
        "label": {"bought": 2000, "pool": 9000, "price": "0.30"},
        "baseline": {"variant": "baseline", "detail": detail(labels)},
        "train": {
            "variant": "torch_fp32",
            "metrics": {"macro_f1": M},
            "against_baseline": {"value": 0.03, "low": 0.01, "high": 0.05, "n": 2503},
            "detail": detail(labels),
        },
        "compress": {
            "chosen": "int8",
            "table": [
                row("torch_fp32", 0.86, 0.02),
                row("int8", 0.858, 0.004, chosen=True),
                row("baseline", 0.81, 0.0001),
            ],
        },
        "release": {"live": "baseline", "canary": "int8"},
        "replay": {
            "experiment": "e",
            "decision": "promote",
            "reason": "better",
            "reason_zh": "更好",
            "live": "int8",
            "sent": 1500,
            "lost": 0,
            "arms": {"live": arm("baseline"), "canary": arm("int8", cost=0.009)},
            "difference": M,
            "path": [
                {"n": n, "value": 0.03, "low": 0.03 - 9 / n, "high": 0.03 + 9 / n}
                for n in range(50, 1501, 50)
            ],
        },
        "curve": {
            "curve": [
                {"labels": n, "quality": 0.8, "accuracy": 0.8, "low": 0.78, "high": 0.82}
                for n in (250, 500, 1000, 2000)
            ]
        },
        "plan": {
            "plan": {
                "recommendation": "labels",
                "because": "3,333 more",
                "because_zh": "再买",
                "options": [
                    option("labels", 500, 100, 900),
                    option("cheaper_variant", 5, 1, 9),
                    option("nothing", 0, 0, 0),
                    option("market", 0, 0, 0, "assumed"),
                ],
            },
            "forecast": [
                {"labels": n, "quality": 0.8, "low": 0.79, "high": 0.82} for n in (250, 1000, 5333)
            ],
        },
    }


def place(name, arm, spend, value, low, high, *, evidence="measured", **more):
    said = {"because": f"{name} brings", "because_zh": f"{name} 带来"} if spend else {}
    return {
        "name": name,
        "arm": arm,
        "spend": spend,
        "most": None,
        "evidence": evidence,
        "next": {"value": value, "low": low, "high": high},
        "best": 0.3,
        **said,
        **more,
    }


def step(name, *, taken, cost=0.0, arm="technology"):
    said = {"because": "saves", "because_zh": "省钱", "do": "", "do_zh": ""}
    return said | {"name": name, "arm": arm, "cost": cost, "taken": taken, "evidence": "measured"}


def look(name, net, *, cost=100.0):
    said = {"because": f"why {name}", "because_zh": f"原因 {name}"}
    said |= {"do": f"do {name}", "do_zh": f"做法 {name}", "called": [name, f"试验 {name}"]}
    return said | {"name": name, "arm": "market", "cost": cost, "months": 1.84, "net": net}


def link(said, evidence="measured", **rows):
    return {"because": said, "because_zh": f"{said} 中文", "evidence": evidence, "rows": rows}


def three(value, low, high):
    return {"value": value, "low": low, "high": high}


def sliders(*places):
    """Each brings twice its money to customers and a tenth of it to answers, in two draws."""
    return {
        "budget": 1000.0,
        "steps": 20.0,
        "base": {"customers": [0, 0], "declared": [0, 0], "serving": [5.0, 7.0]},
        "places": [
            {
                "name": one["name"],
                "spend": one["spend"],
                "amounts": [min(0, one["spend"]), 1000, 4000],
                "paid": 1.0,
                "once": 3.0,
                "customers": [[0, 0], [2000, 2400], [5000, 6000]],
                "declared": [[0, 0], [100, 100], [400, 400]],
            }
            for one in places
        ],
        "own": three(1300.0, 1000.0, 1600.0),
        "added": three(1306.0, 1000.0, 1600.0),
    }


def split(*, technology=0.0, market=0.0, alone=(900.0, 1300.0), parts=None, **changed):
    """A plan's split of 1,000 with so much on each side."""
    if parts is None:
        called = ["</script><b>ads", "</script><b>广告"]
        parts = [
            place("labels", "technology", technology, 0.4, -30.0, 31.0, evidence="extrapolated"),
            place("ads", "market", market, 0.9, 0.2, 1.8, called=called),
        ]
    t, m = alone
    base = {
        "budget": 1000.0,
        "currency": "CNY",
        "months": 12,
        "simulated": False,
        "solved": True,
        "shadow": 0.9,
        "profit": three(1300.0, 1000.0, 1600.0) | {"sure": 0.99},
        "kept": {"money": 1000.0 - technology - market, "best": 0.1},
        "parts": parts,
        "steps": [step("int8", taken=False)],
        "arms": {
            "technology": {"spend": technology, "alone": three(t, t - 200, t + 200)},
            "market": {"spend": market, "alone": three(m, m - 300, m + 300)},
            "better": "technology" if t >= m else "market",
            "sure": 0.83,
            "difference": three(m - t, m - t - 500, m - t + 500),
        },
        "switch": [link("until a customer is worth 100")],
        "looks": [look("a lift test", -40.0), look("a price test", 250.0, cost=0.0)],
        "unknown": [link("what partners bring")],
        "chain": [
            link(
                "ads bring customers",
                customers=68,
                account="ads.spend",
                **{"from": "2026-01-01"},
                to="2026-02-01",
            ),
            link("a customer is worth 529", "extrapolated", sales=7085),
        ],
        "sliders": sliders(*parts),
    }
    return base | changed


def divided(made, **changed):
    """Facts of a turn whose plan has this split."""
    given = outputs()
    recommended = {"option": "ads", "experiment": False, "spend": {"labels": 1.0}, "steps": []}
    plan = given["plan"]["plan"] | {
        "recommendation": recommended | {"currency": "CNY", "called": {}, "look": None},
        "do": "put it there",
        "do_zh": "投在那里",
        "split": made,
    }
    return facts(outputs=given | {"plan": given["plan"] | {"plan": plan}}, **changed)


def money(account, amount, *, currency="CNY", unit="cpu_hour", lines=1):
    basis = IMPUTED if account.startswith("value.") else CASH
    return MoneyRow(account, lines, Decimal(2000), unit, Money.of(amount, currency), basis)


def facts(*, labels=("负面", "<script>alert(1)</script>"), **changed) -> ReportFacts:
    rows = [
        money("cpu.train", "-0.02"),
        money("cpu.serve", "-0.00003"),
        money("label", -600, unit="label"),
        money("value.correct", "40.5", unit="correct_answer"),
    ]
    base = ReportFacts(
        product="reviews<i>",
        turn=1,
        currency="CNY",
        unit="1,000",
        requests=1_000_000,
        goals=[Limit("macro_f1", 0.83, ceiling=False), Limit("p95_ms", 100.0, ceiling=True)],
        loss_max=0.02,
        outputs=outputs(labels),
        money=rows,
        steps=names(),
        names={"int8": "int8", "baseline": "baseline", "torch_fp32": "torch_fp32"},
    )
    return replace(base, **changed)


def without(*steps):
    return {k: v for k, v in outputs().items() if k not in steps}
