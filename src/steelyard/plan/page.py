"""The lever of the launch page: what a test of another page would take and what it could be worth. Knows no books.

What another page does is assumed until it is tested. Of 6,700 tests of shops nine in ten moved what was bought by less than
1.2 %, up or down (Browne & Swarbrick Jones 2017); of 2,766 tests of pages seven in ten did nothing at all and the mean is about
zero, with a long tail (Berman & Van den Bulte 2022, Management Science 68); how long it is decides what small tests are worth
(Azevedo, Deng, Montiel Olea, Rao & Weyl 2020, Journal of Political Economy 128). So: Student's t about zero with three
degrees of freedom. Example: `offer(Outlook.of(facts)).looks[0].look.cost`
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from steelyard.plan.company import Move, Step
from steelyard.plan.levers import ASSUMED, Lever
from steelyard.plan.looks import Look
from steelyard.plan.market import Market
from steelyard.plan.offers import Offer, OfferedLook, OfferedStep
from steelyard.plan.outlook import MONTH, Outlook, opposed
from steelyard.reason import Reason
from steelyard.terms import LANGUAGES, term

Array = NDArray[np.float64]
FREEDOM = 3
USUAL, WITHIN = 0.012, 0.9  # nine in ten move what is bought by less
HOURS = 8.0  # of a person, for a second page: an assumption that its sentence says
WEEKS = 8
TOLD = 2.802  # deviations between no effect and one that a test tells four times in five, two-sided at 5 %


def offer(outlook: Outlook) -> Offer:
    """A test where visits and customers are counted and hours have a price; else what books them."""
    facts, around, market = outlook.facts, outlook.facts.around, outlook.facts.market
    if market is None or market.worth is None or market.conversion is None:
        return Offer(on_request=[Reason("page.not_counted", {"file": facts.file})])
    if around.hour_price is None:
        return Offer(on_request=[Reason("page.no_price", {"file": facts.file, "hours": HOURS})])
    if around.hours is not None and around.hours < HOURS:
        return Offer(
            on_request=[
                Reason("page.no_time", {"file": facts.file, "hours": HOURS, "there": around.hours})
            ]
        )
    drawn = effect()
    return Offer(
        menu=[_another(outlook, drawn)], looks=[_test(outlook, market, drawn, around.hour_price)]
    )


def effect() -> Array:
    """[M] by which another page changes the logarithm of conversion."""
    scale = USUAL / float(stdtrit(FREEDOM, (1 + WITHIN) / 2))
    return np.asarray(scale * stdtrit(FREEDOM, ndtr(opposed("page"))))


def _another(outlook: Outlook, drawn: Array) -> OfferedStep:
    """What may be done after the test; the page is paid with it."""
    facts, moved = outlook.facts, drawn / (1 - outlook.company.conversion)
    none = np.zeros(len(moved))
    move = Move("conversion", lambda _: (moved, none), outlook.ramp(WEEKS * 7))
    return OfferedStep(
        Step("page", "market", [move]),
        ASSUMED,
        Reason("page.another"),
        Reason("do.page", {"file": facts.file}),
        _called(),
    )


def _called() -> tuple[str, str]:
    en, zh = (term("option", "page", language) for language in LANGUAGES)
    return en, zh


def _test(outlook: Outlook, market: Market, drawn: Array, price: float) -> OfferedLook:
    """Half of the visitors see another page."""
    facts = outlook.facts
    assert market.visits is not None
    assert market.conversion is not None
    share, a_day = market.conversion.value, market.visits.value
    visits = max(2.0, a_day * WEEKS * 7)
    # the difference of two logarithms of shares, each of half of the visits
    error = 2 * math.sqrt((1 - share) / (share * visits))
    for_usual = 2 * (TOLD / USUAL) ** 2 * (1 - share) / share
    cost = HOURS * price
    look = Look("test of the page", "market", drawn, error, cost, WEEKS * 7 / MONTH)
    return OfferedLook(
        look,
        Reason("named.page"),
        Reason(
            "look.page",
            {
                "weeks": WEEKS,
                "visits": round(visits / 2),
                "smallest": TOLD * error,
                "usual": USUAL,
                "for_usual": round(for_usual),
                "days": round(2 * for_usual / max(a_day, 1e-9)),
            },
        ),
        Reason(
            "do.page_test",
            {
                "file": facts.file,
                "weeks": WEEKS,
                "hours": HOURS,
                "cost": cost,
                "currency": facts.currency,
            },
        ),
        opens=("page",),
    )


LEVER = Lever("page", offer=offer)
