"""A lever: flyers at a fair, whose buyers were counted at the last one."""

from steelyard.plan.levers import MEASURED, Lever, Option
from steelyard.reason import told

PRICE, BOUGHT, LOW, HIGH = 0.05, 0.20, 0.15, 0.25  # money a flyer: what it costs, what it brought


def respond(facts, money):
    n = int(min(money / 2, 10) / PRICE)
    net, low, high = (n * (brought - PRICE) for brought in (BOUGHT, LOW, HIGH))
    because = told(f"{n} flyers bring {n * BOUGHT:.2f}", f"{n} 张传单带来 {n * BOUGHT:.2f}")
    do = told(f"print {n} flyers", f"印 {n} 张传单")
    return [Option("fair_flyers", n * PRICE, n * BOUGHT, net, low, high, MEASURED, because, do)]


FLYERS = Lever("fair_flyers", respond, called=("flyers at the fair", "展会传单"))
