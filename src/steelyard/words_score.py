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
    "score.sales": (
        "{money:money} {currency} more in {channel}: {since:money} {currency} left of its sales in {days:many day}, {before:money} in as many before; before and after, no experiment",
        "在 {channel} 多花 {money:money} {currency}：{days:count} 天内其销售额留下 {since:money} {currency}，之前同样天数 {before:money}；这是前后对比，不是试验",
    ),
    "score.split": (
        "the split of then by what is believed now; the best of now is worth {best:around} {currency}, {lost:net} more",
        "按现在的估计看当时的分配；现在最好的分配值 {best:around} {currency}，多 {lost:net}",
    ),
    "score.none": (
        "nothing is scored yet: quality is, once a turn bought more labels than the plan had; cost and p95, once a variant answered; requests, after a whole day; customers or sales, once the days of an approved amount are booked; the split, once there is a newer plan",
        "还没有可评分的：有一轮比规划时多买了标注，就给质量评分；有版本回答过，就给成本与 p95 评分；过了一整天，就给请求数评分；批准的渠道金额的天数都已入账，就给客户数或销售额评分；有了更新的规划，就给分配评分",
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
