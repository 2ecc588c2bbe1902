"""Users who ask a server, and what they buy: what the tests of experiments by conversion and revenue share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from steelyard.store import Clock
from tests.conftest import reviews
from tests.serving import call

COUNTED = "market: {counting: {channels: [shop], cash: true}}\n"


class Later(Clock):
    """The machine's clock, so many days ahead."""

    def __init__(self, days=0.0):
        super().__init__()
        self.days = days

    def now(self):
        at = datetime.fromisoformat(super().now()) + timedelta(days=self.days)
        return at.isoformat(timespec="microseconds")


def asked(url, users, *, seed=4):
    """User -> the state that answered one question of each."""

    def ask(pair):
        row, user = pair
        status, body, _ = call(url, "POST", "/v1/predict", {"input": row["text"], "user": user})
        assert status == 200, body
        return user, body["state"]

    with ThreadPoolExecutor(8) as pool:
        return dict(pool.map(ask, zip(reviews(len(users), seed=seed), users, strict=True)))


def bought(url, sales):
    """Tell a conversion of each (user, value); None is one without money."""

    def tell(sale):
        user, value = sale
        body = {"id": f"order of {user}", "user": user}
        body |= {} if value is None else {"value": value, "currency": "CNY"}
        status, said, _ = call(url, "POST", "/v1/conversions", body)
        assert status == 200, said

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(tell, sales))
