"""The sentences of what past plans said beside what happened since, and of what an approval would change. Knows no mathematics.

Each belongs to `steelyard.words.WORDS`. Example: `SCORE["score.cost"][0]`
"""

from __future__ import annotations

# code -> (English, Chinese)
SCORE: dict[str, tuple[str, str]] = {
    "score.quality": (
        "quality with {labels:count} labels, measured in turn {turn}",
        "{labels:count} 条标注时的质量，第 {turn} 轮测得",
    ),
    "score.cost": (
        "cost per 1,000 of {name:variant}: {times:ratio} times what was measured before, over {n:count} answers",
        "{name:variant} 的每千次成本：是事先测得的 {times:ratio} 倍（{n:count} 次回答）",
    ),
    "score.p95": (
        "p95 of {name:variant}: {times:ratio} times what was measured before, over {n:count} answers; no interval was promised",
        "{name:variant} 的 p95：是事先测得的 {times:ratio} 倍（{n:count} 次回答）；当时没有给出区间",
    ),
    "score.requests": (
        "requests in {days:many whole day}: {times:ratio} times what the product file expected; no interval was promised",
        "{days:count} 个整日的请求：是产品文件预计的 {times:ratio} 倍；当时没有给出区间",
    ),
    "score.customers": (
        "{money:money} {currency} more in {channel}: {since:count} customers won in {days:many day}, {before:count} in as many before; before and after, no experiment",
        "在 {channel} 多花 {money:money} {currency}：{days:count} 天内赢得 {since:count} 位客户，之前同样天数 {before:count} 位；这是前后对比，不是试验",
    ),
    "score.customers_less": (
        "{money:money} {currency} less in {channel}: {since:count} customers won in {days:many day}, {before:count} in as many before; before and after, no experiment",
        "在 {channel} 少花 {money:money} {currency}：{days:count} 天内赢得 {since:count} 位客户，之前同样天数 {before:count} 位；这是前后对比，不是试验",
    ),
    "score.sales": (
        "{money:money} {currency} more in {channel}: {since:money} {currency} left of its sales in {days:many day}, {before:money} in as many before; before and after, no experiment",
        "在 {channel} 多花 {money:money} {currency}：{days:count} 天内其销售额留下 {since:money} {currency}，之前同样天数 {before:money}；这是前后对比，不是试验",
    ),
    "score.sales_less": (
        "{money:money} {currency} less in {channel}: {since:money} {currency} left of its sales in {days:many day}, {before:money} in as many before; before and after, no experiment",
        "在 {channel} 少花 {money:money} {currency}：{days:count} 天内其销售额留下 {since:money} {currency}，之前同样天数 {before:money}；这是前后对比，不是试验",
    ),
    "score.split": (
        "the split of then by what is believed now; the best of now is worth {best:around} {currency}, {lost:net} more",
        "按现在的估计看当时的分配；现在最好的分配值 {best:around} {currency}，多 {lost:net}",
    ),
    "score.none": (
        "nothing is scored yet: quality is, once a turn bought more labels than the plan had; cost and p95, once a variant answered; requests, after a whole day; customers or sales, once the days of an approved amount are booked; the split, once there is a newer plan",
        "还没有可评分的：有一轮比规划时多买了标注，就给质量评分；有版本回答过，就给成本与 p95 评分；过了一整天，就给请求数评分；批准的渠道金额的天数都已入账，就给客户数或销售额评分；有了更新的规划，就给分配评分",
    ),
    "refuse.nothing": (
        "a plan that does something, found that of turn {turn}: {do}",
        "第 {turn} 轮的规划没有可批准的：{do}",
    ),
    "refuse.twice": (
        "a plan that nobody approved yet, found that of turn {turn}, approved by {who} on {day}; {then}",
        "第 {turn} 轮的规划已由 {who} 于 {day} 批准；{then}",
    ),
    "refuse.labels_come": (
        "its labels come with the next turn, which also plans anew: steelyard turn {file}",
        "其中的标注随下一轮而来，下一轮也会重新规划：steelyard turn {file}",
    ),
    "refuse.plans_anew": (
        "the next turn plans anew: steelyard turn {file}",
        "下一轮会重新规划：steelyard turn {file}",
    ),
    "refuse.older": (
        "the product file that the plan of turn {turn} was made with, found another {sections}; run: steelyard turn {file}",
        "第 {turn} 轮规划之后产品文件改过（{sections}）；请运行：steelyard turn {file}",
    ),
    "refuse.moved": (
        "evidence that still says the same, found {changes}; run: steelyard turn {file}, or approve it all the same: --anyway",
        "依据现在说的不同了：{changes}；请运行：steelyard turn {file}，或仍要批准：--anyway",
    ),
    "refuse.meanwhile": (
        "a plan that nobody approved yet, found one that was approved meanwhile",
        "这份规划在此期间已被批准",
    ),
    "approve.moved": (
        "{name:option}: {before:money} {currency} in the plan, {after:money} now",
        "{name:option}：规划中为 {before:money} {currency}，现在为 {after:money}",
    ),
    "approve.dropped": (
        "{name:variant}: in the plan, and not now",
        "{name:variant}：规划中有，现在没有",
    ),
    "approve.taken": (
        "{name:variant}: now, and not in the plan",
        "{name:variant}：现在有，规划中没有",
    ),
    "approve.look": (
        "another thing is to be measured first",
        "应先测量的是另一项",
    ),
}
