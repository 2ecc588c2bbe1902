"""The sentences of the plan's split: what each amount brings, what would change the advice, what to look at first. Knows no mathematics.

Each belongs to `steelyard.words.WORDS`. Example: `PLAN["arm.market"][1] == "市场"`
"""

from __future__ import annotations

# code -> (English, Chinese)
PLAN: dict[str, tuple[str, str]] = {
    "arm.technology": ("technology", "技术"),
    "arm.market": ("the market", "市场"),
    "market.no_fit": (
        "no curve of spend was fitted: {place}: expected {expected}, found {found}",
        "没有拟合花费曲线：{place}：应为 {expected}，实为 {found}",
    ),
    "channels.no_worth": (
        "what a new customer is worth is not known",
        "不知道新客户值多少",
    ),
    "channels.won_nobody": (
        "no customer is booked to it, and there are too few weeks for a curve",
        "没有客户记在它名下，周数也不够画曲线",
    ),
    "channels.not_booked": (
        "what the market brings is not known: no spend, visits or customers are booked; `steelyard market import FILE {file} --as spend` (visits, customers, sales) books them, free of charge",
        "不知道市场带来什么：没有记入花费、访问或客户；`steelyard market import FILE {file} --as spend`（visits、customers、sales）即可免费入账",
    ),
    "do.book_market": (
        "free of charge, book what the market brought (`steelyard market import FILE {file} --as spend`, then visits, customers and sales): until then the market cannot be weighed",
        "可免费把市场的情况入账（`steelyard market import FILE {file} --as spend`，再导入 visits、customers、sales）：在那之前无法权衡市场",
    ),
    "channels.other_currency": (
        "what the market brings is not told: its books are in {books}, and `money.currency` is {currency}",
        "市场带来什么无从说起：它的账目是 {books}，而 `money.currency` 是 {currency}",
    ),
    "channels.damaged": (
        "what the market brings is not told: a fact of it was changed after it was written down; `steelyard verify {file}` names it",
        "市场带来什么无从说起：它的一条事实在写下之后被改动过；`steelyard verify {file}` 会指出是哪一条",
    ),
    "channels.no_margin": (
        "nothing is left of what customers pay, or it is not known",
        "客户付的钱没有剩余，或不知道剩多少",
    ),
    "channels.paused": (
        "nothing is spent on it now, and there are too few weeks for a curve",
        "现在没有在它上面花钱，周数也不够画曲线",
    ),
    "channels.sells": (
        "{money:money} {currency} more in {channel}: {left:amid} {currency} are left of the sales that it brings until the next turn",
        "在 {channel} 多花 {money:money} {currency}：到下一轮为止它带来的销售额扣除后余 {left:amid} {currency}",
    ),
    "channels.unknown": (
        "what more money in {channel} brings is not known: {because}",
        "不知道在 {channel} 多花钱会带来什么：{because}",
    ),
    "channels.brings": (
        "{money:money} {currency} more in {channel}: {customers:amid} more customers, each worth {worth:around} {currency}",
        "在 {channel} 多花 {money:money} {currency}：多 {customers:amid} 位客户，每位值 {worth:around} {currency}",
    ),
    "do.spend_more": (
        "spend {money:money} {currency} more in {channel} until the next turn ({a_day:money} a day, beside the {now:money} of today)",
        "下一轮之前在 {channel} 多花 {money:money} {currency}（每天多 {a_day:money}，现在每天 {now:money}）",
    ),
    "do.lift_test": (
        "run `steelyard market test {channel}`, which draws {weeks:many week} on and off",
        "运行 `steelyard market test {channel}`，抽签安排 {weeks:count} 周的开与停",
    ),
    "do.keep_rest": ("keep {money:money} {currency}", "留着 {money:money} {currency}"),
    "named.batch": ("a batch of labels", "一批标注"),
    "named.lift": ("a test of {channel}", "对 {channel} 的试验"),
    "named.conversion": ("a test of what quality does to conversion", "质量对转化影响的试验"),
    "named.price": ("a test of the price", "价格试验"),
    "look.lift": (
        "{weeks:many week} of {channel} on and off say what it brings",
        "{channel} 开停 {weeks:count} 周即可知道它带来多少",
    ),
    "look.batch": (
        "{more:count} labels more are one more point of the curve",
        "再标 {more:count} 条，学习曲线就多一个点",
    ),
    "look.conversion": (
        "{weeks:many week} of a canary whose answers are {points:about} points of quality apart say what quality does to conversion",
        "让质量相差 {points:about} 个点的金丝雀运行 {weeks:count} 周，即可知道质量对转化的影响",
    ),
    "do.conversion_test": (
        "set `release.metric: conversion` in {file} and run `steelyard turn {file}`: the next canary is decided by visits that become customers",
        "在 {file} 中设 `release.metric: conversion`，再运行 `steelyard turn {file}`：下一个金丝雀由访问是否成为客户来判定",
    ),
    "look.price": (
        "{weeks:many week} in which half of new visitors are asked {times:ratio} times the price say what a price does to conversion",
        "{weeks:count} 周内向一半新访客报 {times:ratio} 倍的价格，即可知道价格对转化的影响",
    ),
    "do.price_test": (
        "ask {times:ratio} times the price of every second new visitor for {weeks:many week}, and tell conversions to the server (POST /v1/conversions) or import them",
        "{weeks:count} 周内对每两位新访客中的一位报 {times:ratio} 倍的价格，并把转化告知服务器（POST /v1/conversions）或导入",
    ),
    "price.at": ("{times:ratio} times the price", "{times:ratio} 倍的价格"),
    "do.price": ("ask {times:ratio} times the price", "报 {times:ratio} 倍的价格"),
    "split.option": ("{option:option}", "{option:option}"),
    "split.cash_runs_out": (
        "with `plan.cash: {cash}` {currency} and what is spent today, money falls below zero with a probability above {ruin} (`plan.ruin`) whatever is placed: spend less in channels, or correct `plan.cash`",
        "在 `plan.cash: {cash}` {currency} 和今天的花费下，无论怎样投，现金低于零的概率都高于 {ruin}（`plan.ruin`）：请减少渠道花费，或更正 `plan.cash`",
    ),
    "split.brings": (
        "{gain:net} {currency} of profit within {months:many month}",
        "{months:count} 个月内利润 {gain:net} {currency}",
    ),
    "split.because": ("{brings}; {each}", "{brings}；{each}"),
    "split.no_place": (
        "nothing that is measured takes money: there is no curve of labels and no channel whose customers are known",
        "已测得的没有能花钱的地方：没有标注的学习曲线，也没有已知客户的渠道",
    ),
    "split.no_money": ("there is no money to place", "没有钱可投"),
    "split.none_returns": (
        "no place returns what is put there; the nearest, {name}, returns {returns:amid} of each {currency} within the horizon",
        "投到哪里都收不回来；最接近的是 {name}，每 1 {currency} 在期限内收回 {returns:amid}",
    ),
    "split.too_risky": (
        "{name} returns {returns:amid} of each {currency} on average, but its bad outcomes weigh more with `plan.caution: {caution:asked}`",
        "{name} 平均每 1 {currency} 收回 {returns:amid}，但在 `plan.caution: {caution:asked}` 下，坏结果的分量更重",
    ),
    "split.look_first": (
        "measure first: {look} is worth {net:around} {currency} more than the {cost:around} {currency} it costs, since it may change where the money goes; as things are, {because}",
        "先测量：{look} 花费 {cost:around} {currency}，价值超出花费 {net:around} {currency}，因为它可能改变钱的去向；就目前而言，{because}",
    ),
    "split.look_beside": (
        "{because}; and beside it, free of charge, {look}, worth about {net:around} {currency}: {do}",
        "{because}；此外，免费的{look}约值 {net:around} {currency}：{do}",
    ),
    "switch.worth": (
        "{better} is the better place until a new customer is worth {at:around} instead of {now:around} ({times:ratio} times)",
        "{better}更划算，直到新客户的价值从 {now:around} 变为 {at:around}（{times:ratio} 倍）",
    ),
    "switch.answer": (
        "{better} is the better place until a right answer is worth {at:small} instead of {now:small} ({times:ratio} times)",
        "{better}更划算，直到正确回答的价值从 {now:small} 变为 {at:small}（{times:ratio} 倍）",
    ),
    "switch.requests": (
        "{better} is the better place until {at:around} requests come a month instead of {now:around} ({times:ratio} times)",
        "{better}更划算，直到每月请求从 {now:around} 变为 {at:around}（{times:ratio} 倍）",
    ),
    "switch.gain": (
        "{better} is the better place until all that {of} brings is {times:ratio} times what is believed",
        "{better}更划算，直到{of}带来的一切是所估计的 {times:ratio} 倍",
    ),
    "switch.conversion": (
        "{better} is the better place until a point of quality changes conversion by {at:percent} instead of {now:percent}",
        "{better}更划算，直到质量每变一个点，转化变化 {at:percent} 而不是 {now:percent}",
    ),
    "chain.quality": (
        "quality changes by {gain:net} points ({measure:goal})",
        "质量变化 {gain:net} 个点（{measure:goal}）",
    ),
    "chain.no_market": (
        "what quality does to customers is not known: no customers with payments are booked",
        "不知道质量对客户有何影响：没有记入有付款的客户",
    ),
    "chain.conversion": (
        "by which visits become customers {lift:lift} more often",
        "由此访问成为客户的比例变化 {lift:lift}",
    ),
    "chain.worth": (
        "a new customer is worth {worth:amid} {currency}",
        "一位新客户值 {worth:amid} {currency}",
    ),
    "belief.worth": ("what a new customer is worth", "一位新客户的价值"),
    "belief.conversion": ("visits that become customers", "访问成为客户的比例"),
    "belief.quality": ("quality of today", "今天的质量"),
    "belief.cost": ("cost of 1,000 requests", "每千次请求的成本"),
    "belief.quality_to_conversion": (
        "what a point of quality does to conversion",
        "质量每变一个点对转化的影响",
    ),
    "belief.quality_to_worth": (
        "what a point of quality does to how long customers stay",
        "质量每变一个点对客户留存的影响",
    ),
    "belief.price_to_conversion": (
        "what 1 % of price does to conversion",
        "价格每变 1 % 对转化的影响",
    ),
    "belief.answer": ("worth of a right answer", "正确回答的价值"),
    "belief.requests": ("requests a month", "每月请求数"),
    "belief.place": ("what comes of {name}", "{name}带来的"),
    "belief.step": ("what comes of {name:variant}", "{name:variant} 带来的变化"),
    "chain.cash": (
        "{cash:net} {currency} of money within {months:many month}, what was spent taken off",
        "{months:count} 个月内现金 {cash:net} {currency}，已扣除花费",
    ),
    "chain.declared": (
        "{declared:net} {currency} of what right answers are declared to be worth, which is no cash",
        "正确回答的声明价值 {declared:net} {currency}，这不是现金",
    ),
}
