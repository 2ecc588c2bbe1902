"""What must be known first: what is live, refused, undecided, missing its goal. Knows no HTML.

Facts become codes with values, and one table turns those into English and Chinese.
Example: `[say(one, "en") for one in headline(facts)]`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from steelyard.goals import Limit
from steelyard.report.facts import ReportFacts, ratio
from steelyard.terms import LANGUAGES, term

Tone = Literal["good", "note", "bad"]
SERVED_WITHIN = 1.25  # a served cost this many times the predicted one is said
UNITS = {"p95_ms": " ms", "memory_mb": " MB", "cost_per_1000": " {currency}"}


@dataclass(frozen=True)
class Headline:
    """One thing to know: a code of `WORDS`, whether it is good, and the values its words hold.

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


WORDS: dict[str, tuple[str, str]] = {
    "refused": (
        "Refused: none of {n} variants meets the goals, so nothing new is released. Nearest is {name}: {why}.",
        "已拒绝：{n} 个版本都没有达到目标，因此不发布新版本。最接近的是 {name}：{why}。",
    ),
    "live_misses": ("Live is {name}, and it misses its goal: {misses}.", "在线版本 {name} 没有达到目标：{misses}。"),
    "live": ("Live is {name}.", "在线版本：{name}。"),
    "live_unmeasured": ("Live is {name}, which was not measured against the goals.", "在线版本 {name} 尚未对照目标测量。"),
    "nothing_live": ("Nothing is live.", "没有在线的版本。"),
    "promoted": ("Promoted: {name} replaced {other} after {n}.", "已上线：经过 {n}，{name} 取代了 {other}。"),
    "rolled_back": ("Rolled back: {name} after {n}; {other} stays.", "已回滚：{name}，经过 {n}；{other} 保持在线。"),
    "undecided": ("Undecided: {name} stays canary after {n}.", "尚无定论：经过 {n}，{name} 仍是金丝雀。"),
    "not_applied": (
        "Not applied: the readout says {decision} for {name}, but the release was changed by hand meanwhile.",
        "未执行：读数结论是 {name} {decision}，但版本在此期间被手动更改。",
    ),
    "waits": ("{name} is canary; no request has been read out yet.", "{name} 是金丝雀，尚未读出任何请求。"),
    "no_canary": ("No canary: {why}.", "没有金丝雀：{why}。"),
    "lost": ("{lost} of {sent} requests of the replay were lost.", "重放的 {sent} 次请求丢失了 {lost} 次。"),
    "served_apart": (
        "Served, {name} costs {times} times what was measured before.",
        "实际服务时，{name} 的成本是事先测得的 {times} 倍。",
    ),
    "not_run": ("Not run in this turn: {steps}.", "本轮未运行：{steps}。"),
}  # fmt: skip
REASONS = {
    "no variant meets the goals": "没有版本达到目标",
    "the chosen variant is live already": "选中的版本已经在线",
}


def headline(facts: ReportFacts) -> list[Headline]:
    """The bad first, then what is live, then the rest; never empty."""
    found = [
        *_refused(facts),
        *_live(facts),
        *_experiment(facts),
        *_served(facts),
        *_not_run(facts),
    ]
    return sorted(found, key=lambda one: one.tone != "bad")


def say(one: Headline, language: str) -> str:
    """The sentence in English (`en`) or Chinese (`zh`)."""
    values = {k: v[language] if isinstance(v, dict) else v for k, v in one.values.items()}
    return WORDS[one.code][LANGUAGES.index(language)].format(**values)


def misses(goals: Sequence[Limit], values: Mapping[str, Any]) -> list[Miss]:
    """Goals that the measured values do not reach; a value that is not known misses none."""
    return [
        Miss(goal.goal, float(values[goal.goal]), goal.value, goal.ceiling)
        for goal in goals
        if goal.missed(values.get(goal.goal))
    ]


def say_miss(miss: Miss, language: str, currency: str) -> str:
    """Such as `macro-F1 0.781 below 0.81`: with as many digits as tell the two apart."""
    unit = UNITS.get(miss.goal, "").format(currency=currency)
    value, limit = _apart(miss.value, miss.limit)
    words = ("above", "高于") if miss.above else ("below", "低于")
    word = words[LANGUAGES.index(language)]
    return f"{term('goal', miss.goal, language)} {value}{unit} {word} {limit}{unit}"


def _apart(value: float, limit: float) -> tuple[str, str]:
    for digits in range(3, 17):
        pair = f"{value:.{digits}g}", f"{limit:.{digits}g}"
        if pair[0] != pair[1]:
            return pair[0], f"{limit:g}"
    return f"{value!r}", f"{limit!r}"


def _refused(facts: ReportFacts) -> list[Headline]:
    found = facts.of("compress")
    if found is None or found["chosen"] is not None:
        return []
    rows = [r for r in found["table"] if r["name"] != "baseline"] or found["table"]
    if not rows:
        return []
    near = min(rows, key=lambda r: (len(misses(facts.goals, _figures(r))), -r["quality"]))
    values = {
        "n": len(rows),
        "name": near["name"],
        "why": {"en": near["why"], "zh": near["why_zh"]},
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
        said = {
            "en": "; ".join(say_miss(m, "en", facts.currency) for m in missed),
            "zh": "；".join(say_miss(m, "zh", facts.currency) for m in missed),
        }
        return [Headline("live_misses", "bad", {"name": name, "misses": said})]
    judged = bool(seen) or left is not None or not facts.goals
    return [Headline("live" if judged else "live_unmeasured", "good", {"name": name})]


def _left(facts: ReportFacts, live: str) -> list[Miss] | None:
    """What the release or the replay found of the live variant's goals; None where it left nothing."""
    for step in ("replay", "release"):
        found = facts.of(step) or {}
        if found.get("live") == live and "live_misses" in found:
            return [
                Miss(m["goal"], m["value"], m["limit"], m["code"] == "goal.above")
                for m in found["live_misses"]
            ]
    return None


def _live_now(facts: ReportFacts) -> str | None:
    """What the last step of this turn left live; the ledger where none says it."""
    for step in ("replay", "release"):
        found = (facts.of(step) or {}).get("live")
        if found:
            return str(found)
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
    found: list[Headline] = []
    if "live" in arms and "canary" in arms:
        found.append(_decision(replay))
    elif release.get("why"):
        why = str(release["why"])
        found.append(Headline("no_canary", "note", {"why": {"en": why, "zh": release.get("why_zh") or REASONS.get(why, why)}}))  # fmt: skip
    if replay.get("lost"):
        found.append(Headline("lost", "bad", {"lost": f"{replay['lost']:,}", "sent": f"{replay['sent']:,}"}))  # fmt: skip
    return found


def _decision(replay: Mapping[str, Any]) -> Headline:
    names = {arm: _both("variant", a["name"]) for arm, a in replay["arms"].items()}
    code, tone = _DECIDED.get(replay["decision"], _DECIDED["keep"])
    values = {"name": names["canary"], "other": names["live"], "n": _seen(replay)}
    if replay.get("applied") is False and code != "undecided":
        return Headline("not_applied", "bad", values | {"decision": _both("decision", replay["decision"])})  # fmt: skip
    return Headline(code, tone, values)


def _seen(replay: Mapping[str, Any]) -> dict[str, str]:
    """How much was read out: records that both variants answered, and answers to real users."""
    if replay.get("scheme") != "pairs":
        n = sum(arm["n"] for arm in replay["arms"].values())
        return {"en": f"{n:,} requests", "zh": f"{n:,} 次请求"}
    n = replay["difference"]["n"]
    said = {"en": f"{n:,} replayed records", "zh": f"{n:,} 条重放记录"}
    users = sum(arm["n"] for arm in ((replay.get("users") or {}).get("arms") or {}).values())
    if users:
        said = {"en": f"{said['en']} and {users:,} answers to users", "zh": f"{said['zh']}和 {users:,} 次用户回答"}  # fmt: skip
    return said


_DECIDED: dict[str, tuple[str, Tone]] = {
    "promote": ("promoted", "good"),
    "rolled back": ("rolled_back", "bad"),
    "keep": ("undecided", "note"),
}


def _served(facts: ReportFacts) -> list[Headline]:
    found = []
    for one in facts.served:
        times = ratio(one.cost_per_1000)
        if times is not None and not 1 / SERVED_WITHIN <= times <= SERVED_WITHIN:
            name = _both("variant", one.name)
            found.append(Headline("served_apart", "note", {"name": name, "times": f"{times:.2g}"}))
    return found


def _not_run(facts: ReportFacts) -> list[Headline]:
    left = [step for step in facts.steps if facts.of(step) is None]
    if not left:
        return []
    return [Headline("not_run", "note", {"steps": _join([_both("step", s) for s in left])})]


def _both(kind: str, name: str) -> dict[str, str]:
    return {language: term(kind, name, language) for language in LANGUAGES}


def _join(words: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {"en": ", ".join(w["en"] for w in words), "zh": "、".join(w["zh"] for w in words)}
