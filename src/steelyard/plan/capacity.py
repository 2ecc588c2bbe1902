"""The lever of capacity: another core where the busiest hours ask more than the cores can answer in time. Knows no ledger.

One server is taken to answer with `serve.threads` cores, each one request at a time (`stats.queue`). What cannot be answered within the 95th percentile that is the goal counts
as lost, since a server refuses it. Example: `offer(Outlook.of(facts)).on_request[0].code`
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.company import Move, Step
from steelyard.plan.levers import ASSUMED, EXTRAPOLATED, Lever
from steelyard.plan.offers import Offer, OfferedStep
from steelyard.plan.outlook import MONTH, Outlook
from steelyard.reason import Reason
from steelyard.stats.queue import lost_share, rate_within
from steelyard.words import both

Array = NDArray[np.float64]
DAY = 24 * 3600.0
# Where the file says no `plan.peak`: the busiest hour has a tenth of a day's requests, the ratio that telephone networks
# are dimensioned by. An assumption: no core is advised on it.
PEAK = 2.4
MORE = (1, 2, 4)  # cores
CORES_MAX = 64  # more are not tried
FEW = 9  # costs of a request at which a day is gone through


def offer(outlook: Outlook) -> Offer:
    """Steps where requests are lost; else how many requests the cores are enough for."""
    facts, around = outlook.facts, outlook.facts.around
    if around.cpu_hour <= 0:
        return Offer(on_request=[Reason("capacity.no_price", {"file": facts.file})])
    asked = _Asked(outlook, around.cores)
    goal = facts.p95_goal_ms
    if asked.wait_s is not None and asked.wait_s <= 0:
        return Offer(
            on_request=[
                Reason("capacity.slow_alone", {"p95_ms": asked.p95_ms or 0.0, "goal": goal or 0.0})
            ]
        )
    if asked.lost(around.cores) <= 0:
        return Offer(on_request=[asked.enough()])
    if around.peak is None:
        return Offer(unknown=[asked.perhaps()])
    return Offer(menu=[asked.offered(more) for more in MORE if asked.helps(more)])


@dataclass(frozen=True)
class _Asked:
    """What is expected of so many cores."""

    outlook: Outlook
    cores: int

    @property
    def peak(self) -> float:
        said = self.outlook.facts.around.peak
        return PEAK if said is None else said

    @cached_property
    def service_s(self) -> float:
        """CPU seconds of an answer, from what its CPU costs."""
        return max(float(self._seconds(self.outlook.company.cost).mean()), 1e-9)

    @property
    def p95_ms(self) -> float | None:
        """As measured alone where it was: what was served has waited already."""
        live = self.outlook.facts.live
        served = None if live.served is None else live.served.p95_ms
        return served if live.p95_ms is None else live.p95_ms

    @property
    def wait_s(self) -> float | None:
        """Seconds that a request may wait for a core."""
        goal, alone = self.outlook.facts.p95_goal_ms, self.p95_ms
        return None if goal is None or alone is None else (goal - alone) / 1000

    @cached_property
    def mean(self) -> float:
        """Requests a second."""
        facts = self.outlook.facts
        return facts.requests / (facts.days * DAY)

    def most(self, cores: int) -> float:
        return rate_within(cores, self.service_s, self.wait_s)

    def lost(self, cores: int) -> float:
        return lost_share(self.mean, self.most(cores), self.peak)

    def helps(self, more: int) -> bool:
        """Whether any are lost with fewer."""
        fewer = max((m for m in MORE if m < more), default=0)
        return self.cores + more <= CORES_MAX and self.lost(self.cores + fewer) > 0

    def enough(self) -> Reason:
        a_month = self.most(self.cores) / self.peak * MONTH * DAY
        return Reason(
            "capacity.enough",
            {
                "cores": self.cores,
                "requests": a_month,
                "expected": self.mean * MONTH * DAY,
                "peak": self.peak,
            },
        )

    def perhaps(self) -> Reason:
        return Reason(
            "capacity.perhaps",
            {
                "cores": self.cores,
                "lost": self.lost(self.cores),
                "peak": self.peak,
                "file": self.outlook.facts.file,
            },
        )

    def offered(self, more: int) -> OfferedStep:
        """Paid until the next turn, in which it answers what would have been lost."""
        facts = self.outlook.facts
        cost = more * facts.around.cpu_hour * 24 * facts.days
        moved = self._worth(self._drawn(self.cores) - self._drawn(self.cores + more))
        none = np.zeros(len(moved))
        at_once = np.eye(self.outlook.months)[0]
        move = Move("money", lambda _: (moved, none), at_once)
        return OfferedStep(
            Step(f"cores +{more}", "technology", [move], cost),
            EXTRAPOLATED if facts.around.peak is not None else ASSUMED,
            Reason(
                "capacity.brings",
                {
                    "more": more,
                    "lost": self.lost(self.cores),
                    "left": self.lost(self.cores + more),
                    "cost": cost,
                    "currency": facts.currency,
                },
            ),
            Reason("do.cores", {"file": facts.file, "cores": self.cores + more}),
            _called(more),
        )

    def _drawn(self, cores: int) -> Array:
        """[M] share that is lost, as an answer takes more or less CPU; between a few it is a line."""
        cost = self.outlook.company.cost
        few = np.quantile(cost, np.linspace(0.0, 1.0, FEW))
        lost = [
            lost_share(self.mean, rate_within(cores, max(s, 1e-9), self.wait_s), self.peak)
            for s in self._seconds(few).tolist()
        ]
        return np.asarray(np.interp(cost, few, lost))

    def _seconds(self, cost: Array) -> Array:
        return np.asarray(cost / self.outlook.facts.around.cpu_hour * 3600)

    def _worth(self, answered: Array) -> Array:
        """[M] of the requests that are answered besides; the CPU of all requests is counted already."""
        company, requests = self.outlook.company, self.outlook.facts.requests
        return np.asarray(answered * requests * company.answer * company.quality)


def _called(more: int) -> tuple[str, str]:
    said = both(Reason("named.cores", {"more": more}))
    return said["en"], said["zh"]


LEVER = Lever("capacity", offer=offer)
