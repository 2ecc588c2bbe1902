"""The sentences of reasons about what users bought in an experiment. Knows no mathematics.

Each belongs to `steelyard.words.WORDS`. Example: `METRIC["metric.more"][0].startswith("{more:count}")`
"""

from __future__ import annotations

# code -> (English, Chinese)
METRIC: dict[str, tuple[str, str]] = {
    "evidence.metric": (
        "{metric:metric} a user {difference:spread}{unit:behind} ({values})",
        "每位用户的{metric:metric}差 {difference:spread}{unit:behind}（{values}）",
    ),
    "evidence.metric_lift": (
        "{told}, a lift of {lift:lift}",
        "{told}，相对提升 {lift:lift}",
    ),
    "evidence.metric_open": (
        "{metric:metric} a user: {values}",
        "每位用户的{metric:metric}：{values}",
    ),
    "evidence.metric_arms": (
        "{live:small}{unit:behind} live over {live_n:count} users, {canary:small}{unit:behind} canary over {canary_n:count}",
        "现行 {live:small}{unit:behind}，{live_n:count} 位用户；候选 {canary:small}{unit:behind}，{canary_n:count} 位",
    ),
    "metric.nobody": (
        "{users:count} users are counted, and one of each variant is needed; the days of {waiting:count} are not over",
        "已计入 {users:count} 位用户，每个版本至少需要一位；另有 {waiting:count} 位的计数天数未满",
    ),
    "metric.few": (
        "{users:count} users are counted, {buyers:count} of them paid ({needed:count} are needed to know how amounts spread), and the days of {waiting:count} are not over",
        "已计入 {users:count} 位用户，其中 {buyers:count} 位有付款（要知道金额的离散程度需要 {needed:count} 位），另有 {waiting:count} 位的计数天数未满",
    ),
    "metric.until": (
        "{missing}; payments are known up to {day}: import those of later days",
        "{missing}；付款只知道到 {day}：请导入之后各天的付款",
    ),
    "metric.no_sales": (
        "{missing}; no payment is in the books: import sales, or count conversions",
        "{missing}；账本中没有付款：请导入销售，或统计转化",
    ),
    "metric.alike": (
        "over {users:count} users the two are so alike that no number of users that is likely to come tells them apart: allow a loss (release.metric_loss_max), or decide by hand",
        "{users:count} 位用户中两者过于接近，可预期的用户数分不出高下：请设置容许的损失（release.metric_loss_max），或手动决定",
    ),
    "metric.more": (
        "{more:count} users more are needed if the difference stays as it is, {days:around} days at this pace; the days of {waiting:count} of them are not over",
        "若差异不变，还需要 {more:count} 位用户，按目前速度约 {days:around} 天；其中 {waiting:count} 位的计数天数未满",
    ),
    "readout.metric_worse": (
        "users bring less {metric:metric} for certain, by more than {loss_max:asked} each: {told}",
        "可以确定每位用户的{metric:metric}下降，超过容许值 {loss_max:asked}：{told}",
    ),
    "readout.metric_better": (
        "{metric:metric} a user is not lower by more than {loss_max:asked} for certain, and higher by the best guess: {told}",
        "可以确定每位用户的{metric:metric}未降超过容许值 {loss_max:asked}，且估计更高：{told}",
    ),
    "readout.metric_no_gain": (
        "{metric:metric} a user is not lower for certain, but no higher by the best guess: {told}",
        "可以确定每位用户的{metric:metric}没有降低，但估计也不更高：{told}",
    ),
    "readout.metric_guarded": (
        "{metric:metric} a user is not lower, but outcomes are worse for certain, and perhaps by more than {loss_max:asked}: a person decides; {told}",
        "每位用户的{metric:metric}没有降低，但可以确定结果变差，且可能超过 {loss_max:asked}：需要人来决定；{told}",
    ),
    "readout.metric_open": (
        "undecided: {missing}; {told}",
        "尚无定论：{missing}；{told}",
    ),
}
