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
    "channels.less": (
        "{money:money} {currency} less in {channel}: {left:amid} {currency} of what is left of its sales are missed, so each {currency} that is taken away returned {returns:amid}",
        "在 {channel} 少花 {money:money} {currency}：少得扣除后的销售额 {left:amid} {currency}，即减去的每 1 {currency} 原本收回 {returns:amid}",
    ),
    "channels.fewer": (
        "{money:money} {currency} less in {channel}: {customers:amid} customers fewer, so each {currency} that is taken away returned {returns:amid}",
        "在 {channel} 少花 {money:money} {currency}：少 {customers:amid} 位客户，即减去的每 1 {currency} 原本收回 {returns:amid}",
    ),
    "do.spend_less": (
        "take {a_day:money} {currency} a day from {channel} until the next turn, of the {now:money} of today ({money:money} in all)",
        "下一轮之前每天从 {channel} 减去 {a_day:money} {currency}（现在每天 {now:money}，共减 {money:money}）",
    ),
    "do.spend_more": (
        "spend {money:money} {currency} more in {channel} until the next turn ({a_day:money} a day, beside the {now:money} of today)",
        "下一轮之前在 {channel} 多花 {money:money} {currency}（每天多 {a_day:money}，现在每天 {now:money}）",
    ),
    "do.lift_test": (
        "run `steelyard market test {channel}`, which draws {weeks:many week} on and off",
        "运行 `steelyard market test {channel}`，抽签安排 {weeks:count} 周的开与停",
    ),
    "do.leave": (
        "leave all money where it is; run `steelyard turn {file}` again when new data or users' outcomes (POST /v1/feedback) have come",
        "钱都留在原处；有了新数据或用户结果（POST /v1/feedback）后再运行 `steelyard turn {file}`",
    ),
    "capacity.no_price": (
        "what another core costs is not known: `money.prices.cpu_hour` in {file} is 0",
        "不知道再加一个核要多少钱：{file} 中的 `money.prices.cpu_hour` 为 0",
    ),
    "capacity.slow_alone": (
        "no core helps: p95 is {p95_ms:ms} ms without any waiting, and the goal {goal:asked} ms",
        "加核没有用：不排队时 p95 已是 {p95_ms:ms} 毫秒，目标是 {goal:asked} 毫秒",
    ),
    "capacity.enough": (
        "a server with {cores:many core} can answer {requests:around} requests a month in time; {expected:around} are expected, the busiest hour {peak:asked} times the mean one",
        "用 {cores:count} 个核的服务器每月能及时回答 {requests:around} 次请求；预计 {expected:around} 次，最忙的一小时为平均的 {peak:asked} 倍",
    ),
    "capacity.perhaps": (
        "a server with {cores:many core} would leave {lost:percent} of requests without an answer in time if the busiest hour has {peak:asked} times the requests of a mean one, which is assumed: say it as `plan.peak` in {file}, and what another core brings is weighed",
        "若最忙的一小时的请求为平均的 {peak:asked} 倍（这是假设），用 {cores:count} 个核的服务器会让 {lost:percent} 的请求得不到及时回答：在 {file} 的 `plan.peak` 中写明，即会权衡再加一个核的收益",
    ),
    "capacity.brings": (
        "{more:many more core} for {cost:money} {currency} until the next turn: {left:percent} of requests stay without an answer in time instead of {lost:percent}",
        "再加 {more:count} 个核，到下一轮花 {cost:money} {currency}：得不到及时回答的请求从 {lost:percent} 降到 {left:percent}",
    ),
    "named.cores": ("{more:many more core}", "再加 {more:count} 个核"),
    "do.cores": (
        "set `serve.threads: {cores:count}` in {file} and run `steelyard turn {file}`, which measures every variant with them; set it back next turn if they are idle",
        "在 {file} 中设 `serve.threads: {cores:count}`，再运行 `steelyard turn {file}`，会用它们重新测量各个版本；若闲置，下一轮改回",
    ),
    "hours.no_price": (
        "what an hour on the model brings is not known: `money.prices.person_hour` in {file} says what one costs, and `steelyard market import FILE {file} --as usage` books them (a day, the meter person_hour, a quantity), free of charge",
        "不知道在模型上花一小时能带来什么：{file} 中的 `money.prices.person_hour` 写明一小时的价钱，`steelyard market import FILE {file} --as usage` 记入工时（日期、计量 person_hour、数量），免费",
    ),
    "hours.no_time": (
        "there are no hours for the model until the next turn: `plan.hours` in {file} is 0",
        "下一轮之前没有可投在模型上的工时：{file} 中的 `plan.hours` 为 0",
    ),
    "hours.by_table": (
        "what an hour on the model brings is not told: a value table says what answers are worth, and past trainings kept their quality alone",
        "在模型上花一小时能带来什么无从说起：回答的价值由价值表规定，而以往的训练只留下了质量",
    ),
    "hours.too_few": (
        "what an hour on the model brings is not known: {n:many training} had hours before it, and a line needs {least:count}; book the hours of each turn with `steelyard market import FILE {file} --as usage`, free of charge",
        "不知道在模型上花一小时能带来什么：只有 {n:count} 次训练之前记有工时，画线需要 {least:count} 次；用 `steelyard market import FILE {file} --as usage` 记入每一轮的工时，免费",
    ),
    "hours.bring": (
        "{hours:about} h of work on the model: quality changes by {gain:net} points ({measure:goal}) with the training at their end, as {n:many training} with hours before them did beyond their labels",
        "在模型上花 {hours:about} 小时：在其后的训练中质量变化 {gain:net} 个点（{measure:goal}），依据之前记有工时的 {n:count} 次训练在标注之外的变化",
    ),
    "do.hours": (
        "work {hours:about} h more on the model until the next turn, for {money:money} {currency}, and book them with `steelyard market import FILE {file} --as usage`",
        "下一轮之前在模型上多花 {hours:about} 小时，共 {money:money} {currency}，并用 `steelyard market import FILE {file} --as usage` 入账",
    ),
    "page.not_counted": (
        "what another launch page brings is not known: visits and paying customers have to be counted first (`market.counting` in {file}, or `steelyard market import FILE {file} --as visits`, then sales), free of charge",
        "不知道换一个落地页能带来什么：须先统计访问和付款客户（{file} 中的 `market.counting`，或 `steelyard market import FILE {file} --as visits`，再导入 sales），免费",
    ),
    "page.no_price": (
        "what a test of another launch page costs is not known: it is taken for {hours:about} h of work, and `money.prices.person_hour` in {file} says what one costs",
        "不知道试验另一个落地页要花多少：按 {hours:about} 小时的工作计，一小时的价钱写在 {file} 的 `money.prices.person_hour`",
    ),
    "page.no_time": (
        "another launch page is taken for {hours:about} h of work, and `plan.hours` in {file} leaves {there:asked}",
        "另一个落地页按 {hours:about} 小时的工作计，而 {file} 中的 `plan.hours` 只有 {there:asked}",
    ),
    "page.another": ("another launch page", "另一个落地页"),
    "do.page": (
        "let the landing page of `market.counting` in {file} be the other one",
        "把 {file} 中 `market.counting` 的落地页换成另一个",
    ),
    "named.page": ("a test of the launch page", "落地页的试验"),
    "look.page": (
        "{weeks:many week} in which half of the visitors see another page, {visits:count} an arm, tell a change of conversion by {smallest:percent} four times in five; nine in ten published tests moved it by less than {usual:percent}, for which {for_usual:count} an arm are needed, {days:count} days",
        "{weeks:count} 周内让一半访客看到另一个页面，每组 {visits:count} 次访问，转化变化 {smallest:percent} 时五次中有四次能看出；已发表的试验十之有九变化不到 {usual:percent}，看出它每组需 {for_usual:count} 次，即 {days:count} 天",
    ),
    "do.page_test": (
        "make a second page, for about {hours:about} h of work, {cost:money} {currency} (assumed); in {file} add page_a and page_b to `market.counting.channels` and the page to `market.counting.links` as b, send visitors to /go/page_a and /go/page_b?to=b by turns for {weeks:many week}, and read both in `steelyard market show {file}`",
        "做第二个页面，约 {hours:about} 小时的工作，{cost:money} {currency}（假设）；在 {file} 的 `market.counting.channels` 中加入 page_a 和 page_b，在 `market.counting.links` 中把该页面记为 b，{weeks:count} 周内轮流把访客送到 /go/page_a 和 /go/page_b?to=b，再用 `steelyard market show {file}` 读两者",
    ),
    "partners.none": (
        "no partner is declared, or nothing is counted yet: `market.partners` in {file} declares one, with a share of what it brings and a key of its own",
        "没有声明合作方，或还没有任何计数：在 {file} 的 `market.partners` 中声明，写明分成和它自己的密钥",
    ),
    "partners.no_worth": (
        "what a larger share would bring of {partners:named} is not known: what a customer is worth is not, until sales are booked",
        "不知道提高 {partners:named} 的分成能带来什么：在记入销售之前不知道客户值多少",
    ),
    "partners.never_changed": (
        "what a larger share would bring of {partners:named} is not known: no change of it has two weeks and 20 conversions on either side; change `market.partners` in {file} by a share and keep it for eight weeks, which is owed only for what they bring (`steelyard market partners {file}`)",
        "不知道提高 {partners:named} 的分成能带来什么：没有一次分成变动前后各有两周和 20 次转化；在 {file} 的 `market.partners` 中改动分成并保持八周，只对它们带来的部分付款（`steelyard market partners {file}`）",
    ),
    "partners.brings": (
        "a share of {share:whole_percent} for {partner} instead of {now:whole_percent}: {customers:amid} more customers until the next turn, since from {day} on its share was {after:whole_percent} instead of {before:whole_percent} and its conversions in {days:many day} went from {first:count} to {then:count}",
        "给 {partner} 的分成从 {now:whole_percent} 提到 {share:whole_percent}：到下一轮多 {customers:amid} 位客户，因为自 {day} 起其分成由 {before:whole_percent} 变为 {after:whole_percent}，{days:count} 天内的转化由 {first:count} 变为 {then:count}",
    ),
    "named.share": ("a larger share for {partner}", "提高 {partner} 的分成"),
    "do.share": (
        "set `market.partners.{partner}.share: {share:asked}` in {file} and tell the partner",
        "在 {file} 中设 `market.partners.{partner}.share: {share:asked}`，并告知合作方",
    ),
    "support.not_booked": (
        "what support would keep is not known: `steelyard market import FILE {file} --as customers` books who left, with the day as until, free of charge",
        "不知道客户支持能留住什么：`steelyard market import FILE {file} --as customers` 记入谁离开了（离开日期写在 until），免费",
    ),
    "support.worthless": (
        "support cannot pay: nothing is left of what a customer pays",
        "客户支持不可能划算：客户付的钱没有剩余",
    ),
    "support.no_price": (
        "from which point on support pays is not known: `money.prices.person_hour` in {file} says what an hour costs",
        "不知道客户支持从哪一点起划算：一小时的价钱写在 {file} 的 `money.prices.person_hour`",
    ),
    "support.pays": (
        "what support keeps is not known; an hour of it a month, {price:money} {currency}, pays if it keeps {keeps:about} of the {left:around} customers who leave a month, each of whom is worth {worth:around} {currency} within the horizon if taken for a new one",
        "不知道客户支持能留住多少；每月一小时（{price:money} {currency}）若能在每月离开的 {left:around} 位客户中留住 {keeps:about} 位即划算，一位若按新客户计在期限内值 {worth:around} {currency}",
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
    "split.brings": (
        "{gain:net} {currency} of profit within {months:many month}",
        "{months:count} 个月内利润 {gain:net} {currency}",
    ),
    "split.because": ("{brings}; {each}", "{brings}；{each}"),
    "split.no_place": (
        "nothing that is measured takes money: there is no curve of labels and no channel whose customers are known",
        "已测得的没有能花钱的地方：没有标注的学习曲线，也没有已知客户的渠道",
    ),
    "split.no_money": (
        "there is no money to place, neither a new unit (`plan.unit` in {file}) nor spend of today that may be moved (`plan.change`, in channels whose curve was measured)",
        "没有钱可投：既没有新的一笔钱（{file} 的 `plan.unit`），也没有可以移动的今天的花费（`plan.change`，仅限测得曲线的渠道）",
    ),
    "split.stays": (
        "there is no new money to place, and what is spent today returns more where it is",
        "没有新的钱可投，而今天的花费放在原处收回更多",
    ),
    "split.no_cash_for_unit": (
        "`plan.unit` is {unit:money} {currency} and `plan.cash` is {cash:money}: no more than that is placed; set one of them in {file}",
        "`plan.unit` 为 {unit:money} {currency}，而 `plan.cash` 为 {cash:money}：最多投入后者；请在 {file} 中改其中一个",
    ),
    "split.cash_runs_out": (
        "cash runs out whatever is placed: with `plan.cash: {cash:asked}` it falls below zero within {months:many month} in {share:percent} of cases, and `plan.ruin` allows {ruin:percent}; about {needed:around} {currency} would last",
        "无论怎样投入现金都会用尽：在 `plan.cash: {cash:asked}` 下，{months:count} 个月内跌破零的情形占 {share:percent}，而 `plan.ruin` 只允许 {ruin:percent}；约需 {needed:around} {currency} 才够",
    ),
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
    "chain.lasts": (
        "what new labels gain is taken to last: nothing says how fast it fades (`plan.fading` in {file})",
        "假定新标注带来的提升一直保持：没有数据说明它消退多快（{file} 的 `plan.fading`）",
    ),
    "chain.fades": (
        "half of what new labels gain is left after as many months as `plan.fading: {half:asked}` says",
        "按 `plan.fading: {half:asked}`，新标注带来的提升在这么多个月后剩一半",
    ),
    "another.misses_less": (
        "{why}; it misses a goal, by less than {live:variant} does: {missed}",
        "{why}；它没有达到一项目标，但差距小于 {live:variant}：{missed}",
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
