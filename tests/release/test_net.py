"""Money decides by an interval of its own: an equal, dearer canary is not promoted by luck."""

import numpy as np
import pytest
from tests.release.test_decide import WORTH, seen, users

from steelyard.release.decide import REPLAY, USERS, Worth, decide, net_of
from steelyard.release.evidence import Pair
from steelyard.release.left import Response
from steelyard.release.option import decisive, option
from steelyard.release.seen import TUNED_AT, of_pairs
from steelyard.stats import Interval

NAMED = {"live": ("a", "live"), "canary": ("b", "canary")}


def pairs(seed, n, *, dearer, up=0.03, down=0.03):
    """Both right together but for a few records; a CPU second costs a thousandth, so one of 1,000 requests costs 1."""
    rng = np.random.default_rng(seed)
    draw = rng.random(n)
    change = np.where(draw < up, 1.0, np.where(draw < up + down, -1.0, 0.0))
    cpu = 0.2 + 0.02 * rng.random((n, 2)) + [0.0, dearer]
    return [
        Pair(1, f"{i:05d}", (0.5, 0.5 + c), (x, y), (5.0, 5.0))
        for i, (c, (x, y)) in enumerate(zip(change, cpu, strict=True))
    ]


def looks(rows, every=250):
    for end in range(every, len(rows) + 1, every):
        yield of_pairs(rows[:end], NAMED, confidence=0.975, price=3.6, worth=Worth(0.01, "CNY"))


def by_guess(one):
    """As money was read before: by the best guess alone."""
    d, arms = one.difference, one.arms
    cost = arms["canary"].cost_per_1000 - arms["live"].cost_per_1000
    return d.low > -0.02 and d.value * 10 > cost


def test_an_equal_dearer_canary_is_not_promoted_though_a_guess_would_promote_it_often():
    promoted = guessed = 0
    for seed in range(60):
        seen_ = list(looks(pairs(seed, 2000, dearer=0.02)))
        promoted += any(
            decide([one], Worth(0.01, "CNY"), loss_max=0.02).decision == "promote" for one in seen_
        )
        guessed += any(by_guess(one) for one in seen_)
    assert promoted <= 3 and guessed >= 10


@pytest.mark.parametrize(
    ("figures", "decision", "code"),
    [
        ({"dearer": 0.5}, "rolled back", "readout.loses"),
        ({"dearer": 0.1, "up": 0.1, "down": 0.02}, "promote", "readout.promote"),
        ({"dearer": -0.15, "up": 0.02, "down": 0.02}, "promote", None),
    ],
)
def test_what_money_proves_is_said(figures, decision, code):
    *_, last = looks(pairs(3, 3000, **figures))
    found = decide([last], Worth(0.01, "CNY"), loss_max=0.02)
    assert found.decision == decision
    assert code is None or found.reason.code == code


def test_cost_decides_among_the_not_worse_where_answers_have_no_worth():
    free = Worth(0.0, "CNY")
    cheap = decide([seen(0.0, -0.01, 0.01, live_cost=0.02)], free, loss_max=0.02)
    dear = decide([seen(0.0, -0.01, 0.01, canary_cost=0.02)], free, loss_max=0.02)
    better = decide([seen(0.05, 0.01, 0.09, canary_cost=0.02)], free, loss_max=0.02)
    assert [one.decision for one in (cheap, dear, better)] == ["promote", "rolled back", "keep"]
    assert better.reason.code == "readout.no_worth"


def test_outcomes_that_one_arm_alone_told_of_are_not_decided_by():
    response = Response(live=0.5, canary=0.4, difference=Interval(-0.1, -0.15, -0.05, 4000))
    one = users(0.05, 0.01, 0.09)
    cut = type(one)(
        USERS, one.difference, one.arms, Interval(0.05, -0.15, 0.14, 1000), response=response
    )
    assert decide([one], WORTH, loss_max=0.02).decision == "promote"
    found = decide([cut], WORTH, loss_max=0.02)
    assert (found.decision, found.reason.code) == ("keep", "readout.unanswered")
    (told,) = found.reason.numbers["told"]
    assert told.code == "evidence.response" and told.numbers["canary"] == 0.4


def test_an_undecided_canary_is_an_option_with_figures():
    worth = Worth(0.01, "CNY")
    *_, last = looks(pairs(1, 500, dearer=0.02))
    left = option(
        [last],
        worth,
        loss_max=0.02,
        requests=200_000,
        requests_a_user=3.0,
        confidence=0.975,
        tuned_at=TUNED_AT,
    )
    net = net_of(last, worth)
    assert left.source == REPLAY and left.currency == "CNY"
    assert left.net_per_1000 == net and net.low < 0 < net.high
    assert left.net_until_next_turn.value == pytest.approx(200 * net.value)
    assert left.more_records > 0 and left.more_users is None is left.more_requests


def test_as_many_as_it_asks_for_decide_if_figures_stay():
    one = seen(0.0, -0.04, 0.04, live_cost=0.05)
    part = decisive(one, WORTH, loss_max=0.02)
    narrow = 0.04 * part * 0.999
    assert part == pytest.approx(0.5)
    done = decide([seen(0.0, -narrow, narrow, live_cost=0.05)], WORTH, loss_max=0.02)
    assert done.decision == "promote"
    assert decide([one], WORTH, loss_max=0.02).decision == "keep"


def test_what_cannot_decide_is_not_asked_for():
    one = seen(0.0, -0.04, 0.04, live_cost=0.05)
    asked = {"requests": 1000, "requests_a_user": 1.0, "confidence": 0.975}
    left = option([one], WORTH, loss_max=0.02, tuned_at={}, **asked)
    assert left.more_records is None and left.because.code == "option.net"


def test_users_ask_for_users_and_for_their_requests():
    left = option(
        [seen(0.0, -0.04, 0.04, source=USERS, live_cost=0.05)],
        WORTH,
        loss_max=0.02,
        requests=1000,
        requests_a_user=3.0,
        confidence=0.975,
        tuned_at=TUNED_AT,
    )
    assert left.more_requests == 3 * left.more_users > 0 and left.more_records is None
