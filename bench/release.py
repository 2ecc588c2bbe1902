"""Release experiments on simulated truth: how often a decision is wrong, and what it costs to be right.

`python bench/release.py [--seeds 200]`. Every row has its own truth and looks as often as it says; what is read out is read by
`release/seen.py`, `release/decide.py` and `stats`. The rules of before that are no longer today's stand below, for comparison.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from common import machine, save
from numpy.typing import NDArray

from steelyard.release.decide import Worth, decide
from steelyard.release.evidence import Pair
from steelyard.release.left import Seen
from steelyard.release.seen import PAIRS_TUNED_AT, USERS_TUNED_AT, of_pairs, of_users
from steelyard.release.users import Users
from steelyard.stats import Interval, Sample, difference, mismatch, paired, radius, ratio_sample

Array = NDArray[np.float64]
Rule = Callable[[Sample, Sample], Interval]
MARGIN, NAMED = 0.02, {"live": ("a", "live"), "canary": ("b", "canary")}
NOTHING = Sample(0, 0.0, 0.0)
WORTH = Worth(0.01, "CNY")


def now(a: Sample, b: Sample, *, confidence: float = 0.95) -> Interval:
    return difference(a, b, confidence=confidence, tuned_at=USERS_TUNED_AT)


def before(a: Sample, b: Sample) -> Interval:
    """With half an observation of prior, as until 0031."""
    n = a.n + b.n
    if not (a.n and b.n):
        return Interval(0.0, -math.inf, math.inf, n)
    own = [(s.variance * s.n + 0.25) / (s.n + 1) for s in (a, b)]
    pooled = (a.n * own[0] + b.n * own[1]) / n
    spread = sum(n * max(v, pooled) / s.n for v, s in zip(own, (a, b), strict=True))
    half = math.sqrt(spread) * radius(n, confidence=0.95, tuned_at=USERS_TUNED_AT)
    return Interval(b.mean - a.mean, b.mean - a.mean - half, b.mean - a.mean + half, n)


def four(a: Sample, b: Sample) -> Interval:
    """(s + 2) / (n + 4), which was tried."""
    return _with(lambda s: (s.n * s.mean + 2) / (s.n + 4), a, b)


def ten(a: Sample, b: Sample) -> Interval:
    """Nothing is said before ten failures and ten successes in each arm, which was tried."""
    few = min(min(s.n * s.mean, s.n * (1 - s.mean)) for s in (a, b)) < 9.5
    d = before(a, b)
    return Interval(d.value, -math.inf, math.inf, d.n) if few else d


def _with(thought: Callable[[Sample], float], a: Sample, b: Sample) -> Interval:
    n = a.n + b.n
    own = [thought(s) * (1 - thought(s)) for s in (a, b)]
    pooled = (a.n * own[0] + b.n * own[1]) / n
    spread = sum(n * max(v, pooled) / s.n for v, s in zip(own, (a, b), strict=True))
    half = math.sqrt(spread) * radius(n, confidence=0.95, tuned_at=USERS_TUNED_AT)
    return Interval(b.mean - a.mean, b.mean - a.mean - half, b.mean - a.mean + half, n)


def rate(n: int, right: float) -> Sample:
    p = right / n if n else 0.0
    return Sample(n, p, p * (1 - p))


def sums(total: Array, count: Array) -> Sample:
    """Ratio of sums by users, as the store adds them up."""
    told = count > 0
    t, c = total[told], count[told]
    if not len(c):
        return NOTHING
    return ratio_sample(
        len(c),
        total=float(t.sum()),
        count=float(c.sum()),
        total2=float(t @ t),
        count2=float(c @ c),
        product=float(t @ c),
    )


def means(total: Array, count: Array) -> Sample:
    told = count > 0
    return Sample.of(total[told] / count[told])


def requests(total: Array, count: Array) -> Sample:
    return rate(int(count.sum()), float(total.sum()))


# --- users that send 1 to 50 requests

ORDERS = {
    "one user after another": lambda rng, who, n: np.arange(len(who)),
    "mixed": lambda rng, who, n: rng.permutation(len(who)),
    "heavy users first": lambda rng, who, n: np.argsort(-n[who] + 5 * rng.random(len(who))),
}
UNITS = {
    "requests as the unit": (requests, before),
    "means of users": (means, before),
    "ratio by users": (sums, now),
}


def many_requests(seeds: int, *, users: int = 1500, looks: int = 30) -> dict[str, Any]:
    made = {}
    for order in ORDERS:
        for right, alike in ((0.9, 0.1), (0.9, 0.3), (0.99, 0.3)):
            for share in (0.05, 0.5):
                made[f"{order}, rate {right}, correlation {alike}, share {share}"] = _units(
                    seeds, order, right, alike, share, users=users, looks=looks
                )
    made["canary better for light users, worse for heavy ones"] = _heavy(seeds, users=users)
    return made


def _units(
    seeds: int, order: str, right: float, alike: float, share: float, *, users: int, looks: int
) -> dict[str, Any]:
    missed, half = dict.fromkeys(UNITS, 0), dict.fromkeys(UNITS, 0.0)
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        n, k = _requests(rng, users), (1 - alike) / alike
        own = rng.beta(right * k, (1 - right) * k, users)
        canary = rng.random(users) < share
        who = np.repeat(np.arange(users), n)
        who = who[ORDERS[order](rng, who, n)]
        good = (rng.random(len(who)) < own[who]).astype(float)
        wrong: set[str] = set()
        for end in np.unique(np.geomspace(30, len(who), looks).astype(int)):
            count = np.bincount(who[:end], minlength=users).astype(float)
            total = np.bincount(who[:end], weights=good[:end], minlength=users)
            for unit, (sample, rule) in UNITS.items():
                d = rule(*(sample(total[arm], count[arm]) for arm in (~canary, canary)))
                if not d.low <= 0 <= d.high:
                    wrong.add(unit)
                if end == len(who):
                    half[unit] += (d.high - d.low) / 2 / seeds
        for unit in wrong:
            missed[unit] += 1
    return {u: {"missed": _share(missed[u], seeds), "half_width": round(half[u], 4)} for u in UNITS}


def _heavy(seeds: int, *, users: int) -> dict[str, Any]:
    """The tenth of users with most requests finds the canary worse by .2, the others better by .05; what 1,000
    requests are worth falls."""
    promoted = dict.fromkeys(("means of users", "ratio by users"), 0)
    truth = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        n = _requests(rng, users)
        heavy = n >= np.quantile(n, 0.9)
        canary = rng.random(users) < 0.5
        effect = np.where(heavy, -0.2, 0.05)
        truth.append(float((n * effect).sum() / n.sum()))
        total = rng.binomial(n, 0.8 + effect * canary).astype(float)
        for unit in promoted:
            sample, rule = UNITS[unit]
            d = rule(*(sample(total[arm], n[arm].astype(float)) for arm in (~canary, canary)))
            promoted[unit] += d.low > -MARGIN
    told = {unit: _share(n, seeds) for unit, n in promoted.items()}
    return {"true_difference_a_request": round(float(np.mean(truth)), 4), "not_worse": told}


def _requests(rng: np.random.Generator, users: int) -> NDArray[np.int64]:
    return np.minimum(50, np.floor(rng.pareto(1.0, users) + 1)).astype(np.int64)


# --- rare failures


def rare(seeds: int, *, n: int = 20_000) -> dict[str, Any]:
    made = {}
    for looks in (200, 2000):
        for share in (0.05, 0.1, 0.2, 0.5):
            for a, b in (
                ((0.99, 0.97),) if looks > 200 else ((0.99, 0.97), (0.98, 0.96), (0.9, 0.88))
            ):
                name = f"rate {a}, worse by the margin, share {share}, {looks} looks"
                rules = {"before": before, "four of prior": four, "ten failures": ten, "now": now}
                made[name] = {
                    told: _rates(seeds, rule, a, b, share, looks, n) for told, rule in rules.items()
                }
    return made


def _rates(
    seeds: int, rule: Rule, a: float, b: float, share: float, looks: int, n: int
) -> dict[str, float]:
    missed = promoted = 0
    half = 0.0
    for seed in range(seeds):
        wrong = up = False
        for live, canary in _streams(seed, a, b, share, np.linspace(20, n, looks)):
            d = rule(live, canary)
            wrong |= not d.low <= b - a <= d.high
            up |= d.low > -MARGIN
        missed, promoted = missed + wrong, promoted + up
        half += (d.high - d.low) / 2 / seeds
    return {
        "missed": _share(missed, seeds),
        "promoted": _share(promoted, seeds),
        "half_width": round(half, 4),
    }


def _streams(
    seed: int, a: float, b: float, share: float, looks: Array
) -> Iterator[tuple[Sample, Sample]]:
    rng = np.random.default_rng(seed)
    n = int(looks[-1])
    canary = rng.random(n) < share
    good = rng.random(n) < np.where(canary, b, a)
    n_b, right_b, right = np.cumsum(canary), np.cumsum(good & canary), np.cumsum(good)
    for end in np.unique(looks.astype(int)):
        k, s = int(n_b[end - 1]), float(right_b[end - 1])
        if 0 < k < end:
            yield rate(int(end - k), float(right[end - 1]) - s), rate(k, s)


# --- what the file says is changed in the middle


def changed(seeds: int, *, n: int = 6000) -> dict[str, Any]:
    share = {
        "pooled over both shares (first build)": _drifts(seeds, n, (0.05, 0.5), anew=False),
        "begun anew at the change (before)": _drifts(seeds, n, (0.05, 0.5), anew=True),
        "frozen at the first share (now)": _drifts(seeds, n, (0.05, 0.05), anew=False),
    }
    return {
        "share raised from .05 to .5 while the rate falls from .95 to .75, equal canary": share,
        "changed until it decides, canary worse by .03": _loosened(seeds, n),
    }


def _drifts(seeds: int, n: int, shares: tuple[float, float], *, anew: bool) -> dict[str, float]:
    missed, half = 0, 0.0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        late = np.arange(n) >= n // 2
        canary = rng.random(n) < np.where(late, shares[1], shares[0])
        good = rng.random(n) < np.where(late, 0.75, 0.95)
        wrong = False
        for end in np.linspace(100, n, 60).astype(int):
            since = n // 2 if anew and end > n // 2 else 0
            own, right = canary[since:end], good[since:end]
            d = now(*(rate(int(arm.sum()), float(right[arm].sum())) for arm in (~own, own)))
            wrong |= not d.low <= 0 <= d.high
        missed, half = missed + wrong, half + (d.high - d.low) / 2 / seeds
    return {"equal_canary_fails": _share(missed, seeds), "half_width": round(half, 4)}


def _loosened(seeds: int, n: int) -> dict[str, float]:
    """Half way the file allows a loss of .05 instead of .02, and a confidence of .8 instead of .95."""
    promoted = {"by the file of each look (before)": 0, "frozen (now)": 0}
    for seed in range(seeds):
        done = dict.fromkeys(promoted, False)
        for live, canary in _streams(seed, 0.9, 0.87, 0.5, np.linspace(100, n, 60)):
            late = live.n + canary.n > n // 2
            done["frozen (now)"] |= now(live, canary).low > -MARGIN
            loose = now(live, canary, confidence=0.8 if late else 0.95)
            done["by the file of each look (before)"] |= loose.low > -(0.05 if late else MARGIN)
        for name, up in done.items():
            promoted[name] += up
    return {name: _share(k, seeds) for name, k in promoted.items()}


# --- outcomes that do not come, users that are lost


def missing(seeds: int, *, users: int = 6000) -> dict[str, Any]:
    """Quality is .8 in both. A user tells of his answer with a chance that hangs on the arm and on whether it was
    right: (right, wrong) of the live arm, then of the canary."""
    cases = {
        "everybody tells alike": ((0.5, 0.5), (0.5, 0.5)),
        "few tell, alike": ((0.1, 0.1), (0.1, 0.1)),
        "the wronged tell more, alike": ((0.3, 0.6), (0.3, 0.6)),
        "the canary's wronged tell less": ((0.5, 0.5), (0.5, 0.3)),
        "the canary's wronged tell more": ((0.5, 0.5), (0.5, 0.8)),
        "the canary's right tell more": ((0.4, 0.4), (0.6, 0.4)),
    }
    return {name: _tells(seeds, users, *chances) for name, chances in cases.items()}


def _tells(
    seeds: int, users: int, live: tuple[float, float], canary: tuple[float, float]
) -> dict[str, float]:
    names = ("before", "tested_first", "now")
    wrong, half = dict.fromkeys(names, 0), dict.fromkeys(names, 0.0)
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        treated = rng.random(users) < 0.5
        good = rng.random(users) < 0.8
        chance = np.where(
            good, np.where(treated, canary[0], live[0]), np.where(treated, canary[1], live[1])
        )
        tells = rng.random(users) < chance
        missed = dict.fromkeys(wrong, False)
        for end in np.linspace(200, users, 30).astype(int):
            by_arm = {
                arm: _user(good[:end][own], tells[:end][own])
                for arm, own in (("live", ~treated[:end]), ("canary", treated[:end]))
            }
            seen = of_users(by_arm, NAMED, _none(), confidence=0.95, price=0.0, worth=WORTH)
            assert seen is not None and seen.response is not None
            tested = seen.reading if seen.response.unlike else seen.difference
            for name, d in zip(names, (seen.difference, tested, seen.reading), strict=True):
                missed[name] |= not d.low <= 0 <= d.high
                if end == users:
                    half[name] += (d.high - d.low) / 2 / seeds
        for name, m in missed.items():
            wrong[name] += m
    return {
        **{f"missed_{name}": _share(k, seeds) for name, k in wrong.items()},
        **{f"half_width_{name}": round(h, 4) for name, h in half.items()},
    }


def _user(good: NDArray[np.bool_], tells: NDArray[np.bool_]) -> Users:
    told = rate(len(tells), float(tells.sum()))
    return Users(rate(int(tells.sum()), float(good[tells].sum())), len(good), 0.0, 0.0, told)


def _none() -> Seen:
    return of_pairs([], NAMED, confidence=0.95, price=0.0, worth=WORTH)


def lost(seeds: int, *, n: int = 40_000) -> dict[str, Any]:
    """A part of the canary's users leaves no trace. A look every 200 users."""
    made = {}
    for share in (0.05, 0.5):
        for part in (0.0, 0.05, 0.1, 0.3):
            found = []
            for seed in range(seeds):
                rng = np.random.default_rng(seed)
                here = share * (1 - part) / (share * (1 - part) + 1 - share)
                canary = np.cumsum(rng.random(n) < here)
                for end in range(200, n + 1, 200):
                    k = int(canary[end - 1])
                    if mismatch([end - k, k], [1 - share, share]).found:
                        found.append(end)
                        break
            median = int(np.median(found)) if len(found) > seeds / 2 else None
            made[f"share {share}, lost {part}"] = {
                "found": _share(len(found), seeds),
                "users_until_found": median,
            }
    return made


# --- net value


def value(seeds: int) -> dict[str, Any]:
    """Answers are worth .01, so a point of quality is 0.1 in 1,000 requests; pairs, a look every 250."""
    cases = {
        "equal, dearer by .02": (0.0, 0.02),
        "equal, dearer by .1": (0.0, 0.1),
        "better by .05, dearer by .1": (0.05, 0.1),
        "equal, cheaper by .1": (0.0, -0.1),
        "worse by .01, cheaper by .02": (-0.01, -0.02),
        "worse by .02, cheaper by .02": (-0.02, -0.02),
    }
    return {name: _money(seeds, *case) for name, case in cases.items()}


def _money(seeds: int, better: float, dearer: float, *, n: int = 3000) -> dict[str, Any]:
    ended: dict[str, list[tuple[str, int]]] = {"before": [], "now": []}
    width = 0.0
    for seed in range(seeds):
        rows = _pairs(seed, n, better, dearer)
        last: Seen | None = None
        done: dict[str, tuple[str, int]] = {}
        for end in range(250, n + 1, 250):
            last = of_pairs(rows[:end], NAMED, confidence=0.975, price=3.6, worth=WORTH)
            for name, rule in (("before", _by_guess), ("now", _by_net)):
                said = rule(last)
                if said != "keep" and name not in done:
                    done[name] = (said, end)
        for name in ended:
            ended[name].append(done.get(name, ("keep", n)))
        assert last is not None and last.net is not None
        width += (last.net.high - last.net.low) / 2 / seeds
    told = {
        name: {
            "promoted": _share(sum(s == "promote" for s, _ in own), seeds),
            "rolled_back": _share(sum(s == "rolled back" for s, _ in own), seeds),
            "median_records": int(np.median([k for _, k in own])),
        }
        for name, own in ended.items()
    }
    true = 1000 * WORTH.value * better - dearer
    return {"true_net_per_1000": round(true, 4), "net_half_width": round(width, 4), **told}


def _by_net(seen: Seen) -> str:
    return decide([seen], WORTH, loss_max=MARGIN).decision


def _by_guess(seen: Seen) -> str:
    """The rule of before: quality proven, money by the best guess."""
    d = seen.difference
    if d.high < -MARGIN:
        return "rolled back"
    cost = seen.arms["canary"].cost_per_1000 - seen.arms["live"].cost_per_1000
    earns = d.value * WORTH.value * 1000 - cost > 0
    return "promote" if d.low > -MARGIN and earns else "keep"


def _pairs(seed: int, n: int, better: float, dearer: float) -> list[Pair]:
    """Both are right or wrong together but for .06 of the records; a CPU second costs .001, so one of 1,000
    requests costs 1."""
    rng = np.random.default_rng(seed)
    up, down = 0.03 + better / 2, 0.03 - better / 2
    draw = rng.random(n)
    change = np.where(draw < up, 1, np.where(draw < up + down, -1, 0))
    live = np.where(change == 1, 0.0, np.where(change == -1, 1.0, rng.random(n) < 0.9))
    cpu = np.maximum(0.0, 0.2 + 0.05 * rng.standard_normal((n, 2)) + [0.0, dearer])
    return [
        Pair(1, f"{i:06d}", (live[i], live[i] + change[i]), tuple(cpu[i]), (5.0, 5.0))
        for i in range(n)
    ]


# --- how many it takes


def power(seeds: int) -> dict[str, Any]:
    """Records or requests until the canary is proven not worse by the margin, a look every 50."""
    made = {}
    for better in (0.0, 0.02):
        pairs, arms = [], []
        for seed in range(seeds):
            own = [p.outcome[1] - p.outcome[0] for p in _pairs(seed, 20_000, better, 0.0)]
            steps = np.array(own)
            total, square = np.cumsum(steps), np.cumsum(steps**2)
            pairs.append(next(_proven(total, square), None))
            looks = np.arange(50, 60_000, 50.0)
            streams = _streams(seed, 0.9, 0.9 + better, 0.5, looks)
            ends = (a.n + b.n for a, b in streams if now(a, b).low > -MARGIN)
            arms.append(next(ends, None))
        made[f"better by {better}"] = {"pairs": _needed(pairs), "two_arms": _needed(arms)}
    return made


def _proven(total: Array, square: Array) -> Iterator[int]:
    for n in range(50, len(total) + 1, 50):
        mean = total[n - 1] / n
        sample = Sample(n, float(mean), float(square[n - 1] / n - mean**2))
        if paired(sample, tuned_at=PAIRS_TUNED_AT).low > -MARGIN:
            yield n


def _needed(found: list[int | None]) -> dict[str, float | int | None]:
    done = [n for n in found if n is not None]
    middle = int(np.median(done)) if len(done) > len(found) / 2 else None
    return {"decided": _share(len(done), len(found)), "median": middle}


def _share(k: int, of: int) -> float:
    return round(k / of, 4)


ROWS: Mapping[str, Callable[[int], dict[str, Any]]] = {
    "many_requests_a_user": many_requests,
    "rare_failures": rare,
    "changed_in_the_middle": changed,
    "missing_outcomes": missing,
    "lost_users": lost,
    "net_value": value,
    "power": power,
}


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--seeds", type=int, default=200)
    said, state = asked.parse_args(), machine()
    figures = {name: {"seeds": said.seeds, **row(said.seeds)} for name, row in ROWS.items()}
    save("release", f"python bench/release.py --seeds {said.seeds}", figures, state)


if __name__ == "__main__":
    main()
