"""The sentences of reasons why a figure of money is not known. Knows no mathematics.

Each belongs to `steelyard.words.WORDS`. Example: `ECONOMICS["economics.no_income"][1] == "尚无客户付款"`
"""

from __future__ import annotations

# code -> (English, Chinese)
ECONOMICS: dict[str, tuple[str, str]] = {
    "economics.no_outcomes": (
        "outcomes of {users:many user}, {needed:count} are needed, and nothing was measured on a hold-out: send outcomes to /v1/feedback",
        "只有 {users:count} 位用户给出结果，需要 {needed:count} 位，留出集上也没有测量：请把结果发到 /v1/feedback",
    ),
    "economics.none_right": (
        "none of {answers:count} answers was right: a right one has no cost",
        "{answers:count} 个回答没有一个正确：正确回答没有成本可言",
    ),
    "economics.no_api_price": (
        "no price of another's call: set money.prices.api_call",
        "没有外部调用的价格：请设置 money.prices.api_call",
    ),
    "economics.nobody_asked": ("nobody asked in this period", "这段时间没有请求"),
    "economics.api_is_cheaper": (
        "a request costs {own:money} here and {theirs:money} there: no traffic makes the own model cheaper",
        "一次请求在这里花费 {own:money}，在那里花费 {theirs:money}：无论流量多大，自己的模型都不会更便宜",
    ),
    "economics.few_customers": (
        "{customers:many customer} paid in this period; a mean is told from {needed:count} on",
        "这段时间有 {customers:count} 位客户付款；达到 {needed:count} 位才给出平均值",
    ),
    "economics.no_income": ("no customer paid yet", "尚无客户付款"),
    "economics.no_spend": (
        "nothing was spent on it: a customer cost nothing that is booked",
        "没有在它上面花钱：获客没有入账的成本",
    ),
    "economics.no_margin": (
        "a customer leaves {margin:money} a month: what he cost is not paid back",
        "一位客户每月留下 {margin:money}：获客成本收不回来",
    ),
}
