"""A page with figures of a simulated market says so, in each part that may be read alone."""

import pytest

from steelyard.report.market_section import market_sections
from steelyard.report.statement_page import render

TOTAL = {"income": "1", "cost": "-2", "profit": "-1", "imputed": "0"}
STATEMENT = {
    "from": "2026-01-01",
    "to": "2026-01-31",
    "currency": "CNY",
    "by": "account",
    "rows": [],
    "total": TOTAL,
    "budgets": [],
    "cash": None,
}


@pytest.mark.parametrize(("language", "said"), [("en", "simulated market"), ("zh", "模拟市场")])
def test_a_simulated_market_is_told_and_a_real_one_is_not(language, said):
    for simulated in (True, False):
        page = render(STATEMENT | {"simulated": simulated}, product="shop", language=language)
        empty = {"booked": False, "budgets": [], "simulated": simulated}
        section = market_sections(empty, language)
        assert (said in page, said in section) == (simulated, simulated)
