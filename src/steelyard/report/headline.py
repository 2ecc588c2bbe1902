"""What must be known first: what is live, refused, undecided, missing its goal. Knows no HTML.

Facts become codes with values, which `HEADLINES` turns into English and Chinese.
Example: `[say(one, "en") for one in headline(facts)]`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from steelyard.goals import Limit
from steelyard.reason import Reason, together
from steelyard.report.facts import ReportFacts, ratio
from steelyard.report.words import BEFORE, HEADLINES, WORDS
from steelyard.terms import LANGUAGES, term
from steelyard.words import both, sentence

Tone = Literal["good", "note", "bad"]
SERVED_WITHIN = 1.25  # a served cost this many times the predicted one is said
UNITS = {"p95_ms": "ms", "memory_mb": "MB"}


@dataclass(frozen=True)
class Headline:
    """One thing to know: a code of `HEADLINES`, whether it is good, and the values its words hold.

    A value may be text in both languages: {"en": ..., "zh": ...}.
    """

    code: str
    tone: Tone
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Miss:
    """A goal that a measured value does not reach."""

    goal: str
    value: float
    limit: float
    above: bool = False  # of what it may be at most


def headline(facts: ReportFacts) -> list[Headline]:
    """The bad first, then what is live, then the rest; never empty."""
    headlines = [
        *_refused(facts),
        *_live(facts),
        *_experiment(facts),
        *_served(facts),
        *_not_run(facts),
    ]
    return sorted(headlines, key=lambda one: one.tone != "bad")


def say(one: Headline, language: str) -> str:
    """The sentence in English (`en`) or Chinese (`zh`)."""
    values = {k: v[language] if isinstance(v, dict) else v for k, v in one.values.items()}
    return HEADLINES[one.code][LANGUAGES.index(language)].format(**values)


def misses(goals: Sequence[Limit], values: Mapping[str, Any]) -> list[Miss]:
    """Goals that the measured values do not reach; a value that is not known misses none."""
    return [
        Miss(goal.goal, float(values[goal.goal]), goal.value, goal.ceiling)
        for goal in goals
        if goal.missed(values.get(goal.goal))
    ]


def of_miss(miss: Miss, currency: str) -> Reason:
    """Such as `macro-F1 0.781 below 0.81`."""
    unit = currency if miss.goal == "cost_per_1000" else UNITS.get(miss.goal, "")
    code = "headline.above" if miss.above else "headline.below"
    return Reason(code, {"goal": miss.goal, "value": miss.value, "limit": miss.limit, "unit": unit})


def _refused(facts: ReportFacts) -> list[Headline]:
    compressed = facts.of("compress")
    if compressed is None or compressed["chosen"] is not None:
        return []
    rows = [r for r in compressed["table"] if r["name"] != "baseline"] or compressed["table"]
    if not rows:
        return []
    near = min(rows, key=lambda r: (len(misses(facts.goals, _figures(r))), -r["quality"]))
    values = {
        "n": len(rows),
        "name": near["name"],
        "why": _kept(near, "why"),
    }
    return [Headline("refused", "bad", values)]


def _live(facts: ReportFacts) -> list[Headline]:
    live = _live_now(facts)
    if live is None:
        return [Headline("nothing_live", "bad")]
    name = _both("variant", facts.name(live))
    table = {row["variant"]: row for row in (facts.of("compress") or {}).get("table", [])}
    seen = _figures(table[live]) if live in table else facts.measured.get(live, {})
    left = _left(facts, live)
    missed = misses(facts.goals, seen) if left is None else left
    if missed:
        said = both(together([of_miss(m, facts.currency) for m in missed]))
        return [Headline("live_misses", "bad", {"name": name, "misses": said})]
    judged = bool(seen) or left is not None or not facts.goals
    return [Headline("live" if judged else "live_unmeasured", "good", {"name": name})]


def _left(facts: ReportFacts, live: str) -> list[Miss] | None:
    """What the release or the replay found of the live variant's goals; None where it left nothing."""
    for step in ("replay", "release"):
        output = facts.of(step) or {}
        if output.get("live") == live and "live_misses" in output:
            return [
                Miss(m["goal"], m["value"], m["limit"], m["code"] == "goal.above")
                for m in output["live_misses"]
            ]
    return None


def _live_now(facts: ReportFacts) -> str | None:
    """What the last step of this turn left live; the ledger where none says it."""
    for step in ("replay", "release"):
        live = (facts.of(step) or {}).get("live")
        if live:
            return str(live)
    return facts.live


def _figures(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the table of variants by the names that goals have."""
    return {**row, **row.get("metrics", {"macro_f1": row["quality"]})}  # before 0.4 one alone


def _experiment(facts: ReportFacts) -> list[Headline]:
    release, replay = facts.of("release") or {}, facts.of("replay")
    if replay is None:
        canary = release.get("canary")
        return [Headline("waits", "note", {"name": facts.name(canary)})] if canary else []
    arms = replay.get("arms") or {}
    headlines: list[Headline] = []
    if "live" in arms and "canary" in arms:
        headlines.append(_decision(replay))
    elif release.get("why"):
        why = _kept(release, "why")
        if not release.get("why_zh"):
            why["zh"] = BEFORE.get(why["en"], why["en"])
        headlines.append(Headline("no_canary", "note", {"why": why}))
    if replay.get("lost"):
        headlines.append(
            Headline("lost", "bad", {"lost": f"{replay['lost']:,}", "sent": f"{replay['sent']:,}"})
        )
    return headlines


def _decision(replay: Mapping[str, Any]) -> Headline:
    names = {arm: _both("variant", a["name"]) for arm, a in replay["arms"].items()}
    code, tone = _DECIDED.get(replay["decision"], _DECIDED["keep"])
    values = {"name": names["canary"], "other": names["live"], "n": _seen(replay)}
    if replay.get("applied") is False and code != "undecided":
        return Headline(
            "not_applied", "bad", values | {"decision": _both("decision", replay["decision"])}
        )
    return Headline(code, tone, values)


def _seen(replay: Mapping[str, Any]) -> dict[str, str]:
    """How much was read out: records that both variants answered, and answers to real users."""
    if replay.get("scheme") != "pairs":
        n = sum(arm["n"] for arm in replay["arms"].values())
        return both(Reason("headline.requests", {"n": n}))
    n = replay["difference"]["n"]
    users = sum(arm["n"] for arm in ((replay.get("users") or {}).get("arms") or {}).values())
    if users:
        return both(Reason("headline.replayed_and_users", {"n": n, "users": users}))
    return both(Reason("headline.replayed", {"n": n}))


_DECIDED: dict[str, tuple[str, Tone]] = {
    "promote": ("promoted", "good"),
    "rolled back": ("rolled_back", "bad"),
    "keep": ("undecided", "note"),
}


def _served(facts: ReportFacts) -> list[Headline]:
    headlines = []
    for one in facts.served:
        times = ratio(one.cost_per_1000)
        if times is not None and not 1 / SERVED_WITHIN <= times <= SERVED_WITHIN:
            name = _both("variant", one.name)
            headlines.append(
                Headline("served_apart", "note", {"name": name, "times": f"{times:.2g}"})
            )
    return headlines


def _not_run(facts: ReportFacts) -> list[Headline]:
    left = [step for step in facts.steps if facts.of(step) is None]
    if not left:
        return []
    return [Headline("not_run", "note", {"steps": _join([_both("step", s) for s in left])})]


def _both(kind: str, name: str) -> dict[str, str]:
    return {language: term(kind, name, language) for language in LANGUAGES}


def _kept(output: Mapping[str, Any], name: str) -> dict[str, str]:
    """A sentence that a step left, in both languages."""
    return {language: sentence(output, name, language) for language in LANGUAGES}


def _join(words: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {at: WORDS[at]["comma"].join(w[at] for w in words) for at in LANGUAGES}
