"""The decision of an experiment: by quality that may be lost, and by the net value in money.

Knows no store. Example: `decide([seen], Worth(0.01, "CNY"), loss_max=0.02).decision == "promote"`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.interval import Interval
from steelyard.reason import Reason, Value
from steelyard.release.left import Decision, Seen

REPLAY, USERS = "replay", "users"


@dataclass(frozen=True)
class Worth:
    """Money between the worst answer and the best, in `currency`; 0 where answers have no declared worth."""

    value: float
    currency: str


def decide(evidence: Sequence[Seen], worth: Worth, *, loss_max: float) -> Decision:
    """Back: worse for certain by more than `loss_max`, or a loss of money for certain, in either body of
    evidence. Up: not worse than that in one, worse for certain in none, and either more money for certain,
    or a lower cost for certain and more money by the best guess. Anything else stays a canary.

    Each body has its own share of the error (Bonferroni). Quality and money need none of their own: of a given
    truth only one of the two can err upwards, and an error of each side is half of what an interval may miss.
    """
    told: Value = tuple(told_of(seen) for seen in evidence)
    if any(seen.reading.high < -loss_max for seen in evidence):
        return Decision(
            "rolled back", Reason("readout.worse", {"loss_max": loss_max, "told": told})
        )
    losing = [seen for seen in evidence if _loses_money(seen, worth, loss_max)]
    earning = [seen for seen in evidence if net_of(seen, worth).low > 0]
    proofs = [seen for seen in evidence if seen.reading.low > -loss_max]
    against = any(seen.difference.high < 0 and seen not in proofs for seen in evidence)
    if (losing and earning) or (proofs and against and not losing):
        return Decision("keep", Reason("readout.disagree", {"told": told}))
    if losing:
        return _loses(losing[0], worth, told)
    if not proofs:
        return Decision("keep", _undecided(evidence, told, loss_max))
    sure = [seen for seen in proofs if seen in earning]
    proof = min(sure or proofs, key=lambda seen: seen.reading.high - seen.reading.low)
    return _not_worse(proof, worth, told, loss_max=loss_max)


def _not_worse(seen: Seen, worth: Worth, told: Value, *, loss_max: float) -> Decision:
    """Quality is no obstacle: the money decides."""
    net, cost, currency = net_of(seen, worth), dearer_of(seen), worth.currency
    figures = net.value, net.low, net.high
    if net.low > 0:
        sure = Reason(
            "readout.promote",
            {"loss_max": loss_max, "net": figures, "currency": currency, "told": told},
        )
        return Decision("promote", sure)
    if cost.high < 0 and net.value > 0:
        less = Reason(
            "readout.cheaper",
            {
                "loss_max": loss_max,
                "net": figures,
                "currency": currency,
                "told": told,
            },
        )
        return Decision("promote", less)
    open_ = Reason(
        "readout.net_open",
        {"loss_max": loss_max, "net": figures, "currency": currency, "told": told},
    )
    return Decision("keep", open_)


def _loses_money(seen: Seen, worth: Worth, loss_max: float) -> bool:
    """For certain. Where answers have no declared worth the cost decides among the not worse, and a cost is known
    long before a quality: nothing is lost while that may be better by more than may be lost."""
    if net_of(seen, worth).high >= 0:
        return False
    quality = seen.reading
    return (
        worth.value > 0 or quality.low > 0 or (quality.low > -loss_max and quality.high <= loss_max)
    )


def _loses(seen: Seen, worth: Worth, told: Value) -> Decision:
    net = net_of(seen, worth)
    figures = net.value, net.low, net.high
    if worth.value == 0 and seen.reading.low > 0:
        why = Reason("readout.no_worth", {"net": figures, "currency": worth.currency, "told": told})
        return Decision("keep", why)
    why = Reason("readout.loses", {"net": figures, "currency": worth.currency, "told": told})
    return Decision("rolled back", why)


def _undecided(evidence: Sequence[Seen], told: Value, loss_max: float) -> Reason:
    """That more is needed, or that more of the same would not help: outcomes that one arm alone told of."""
    if any(seen.difference.low > -loss_max >= seen.reading.low for seen in evidence):
        return Reason("readout.unanswered", {"loss_max": loss_max, "told": told})
    return Reason("readout.undecided", {"told": told})


def dearer_of(seen: Seen) -> Interval:
    """Money that 1,000 requests of the canary cost more."""
    if seen.dearer is not None:
        return seen.dearer
    # means of both say how much, and not how surely
    canary, live = (seen.arms[arm].cost_per_1000 for arm in ("canary", "live"))
    cost, reach = canary - live, max(abs(canary), abs(live))
    return Interval(cost, cost - reach, cost + reach, seen.difference.n)


def net_of(seen: Seen, worth: Worth) -> Interval:
    """Money that 1,000 requests bring more by the canary than by the live variant: what their outcomes are
    worth more, less what they cost more."""
    if seen.net is not None:
        return seen.net
    d, cost, k = seen.reading, dearer_of(seen), worth.value * 1000
    return Interval(k * d.value - cost.value, k * d.low - cost.high, k * d.high - cost.low, d.n)


def told_of(seen: Seen) -> Reason:
    """What a body of evidence showed, inside a sentence."""
    d, arms = seen.difference, seen.arms
    difference = d.value, d.low, d.high
    if seen.source == REPLAY:
        return Reason("evidence.replay", {"difference": difference, "n": d.n})
    told = Reason(
        "evidence.users",
        {"difference": difference, "live": arms["live"].n, "canary": arms["canary"].n},
    )
    if seen.response is None or seen.worst is None or not seen.response.unlike:
        return told
    w, response = seen.worst, seen.response
    return Reason(
        "evidence.response",
        {
            "told": told,
            "live": response.live,
            "canary": response.canary,
            "worst": (w.value, w.low, w.high),
        },
    )
