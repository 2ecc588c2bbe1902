"""The sentences of reasons about the market: customers, tests of channels, the marketing mix. Knows no mathematics.

Each belongs to `steelyard.words.WORDS`. Example: `MARKET["calendar.on"] == ("{channel}: on", "{channel}：开启")`
"""

from __future__ import annotations

# code -> (English, Chinese)
MARKET: dict[str, tuple[str, str]] = {
    # what customers cannot tell
    "lifetime.few_repeaters": (
        "{repeaters:count} of {customers:count} customers came back; with fewer than {needed:count} there is no forecast: wait until more have, or join segments",
        "{customers:count} 位客户中有 {repeaters:count} 位再次购买；少于 {needed:count} 位时不作预测：请等更多客户回来，或合并分组",
    ),
    "lifetime.not_identified": (
        "{repeaters:count} of {customers:count} customers came back, and their purchases do not tell how often customers leave: observe for longer, or join segments",
        "{customers:count} 位客户中有 {repeaters:count} 位再次购买，但看不出客户流失的快慢：请观察更久，或合并分组",
    ),
    "lifetime.few_paid": (
        "{customers:many customer} paid for a repeat purchase; with fewer than {needed:count} a purchase has no expected value",
        "{customers:count} 位客户为再次购买付过款；少于 {needed:count} 位时无法估计一次购买的价值",
    ),
    "lifetime.value_not_identified": (
        "amounts of {customers:many customer} do not tell the mean value of a purchase: look for a few that are far larger than the rest",
        "{customers:count} 位客户的金额看不出一次购买的平均价值：请检查是否有少数金额远大于其余",
    ),
    "lifetime.few_losses": (
        "{lost:many subscriber} left at {renewals:many renewal}; at least {needed:count} must have, at two renewals or more",
        "{renewals:count} 次续订中有 {lost:count} 位订户离开；至少需要两次续订、{needed:count} 位离开",
    ),
    "lifetime.retention_flat": (
        "{lost:many subscriber} left at {renewals:many renewal}, and retention does not rise from one to the next as the model has it: use the plain share that renews",
        "{renewals:count} 次续订中有 {lost:count} 位订户离开，而续订率没有像模型那样逐次上升：请直接使用续订比例",
    ),
    "lifetime.nobody_won": (
        "{money:money} were spent and no customer was won: a customer has no cost yet",
        "花了 {money:money}，没有赢得客户：尚无获客成本",
    ),
    "lifetime.never_pays_back": (
        "a customer costs {cost:money} and earns {earned:money} within {weeks:many week}: it is not paid back",
        "一位客户花费 {cost:money}，{weeks:count} 周内带来 {earned:money}：没有收回",
    ),
    # experiments that cannot be designed
    "design.short_history": (
        "a history of {periods:many period}; a design needs {needed:count}: wait, or take shorter periods",
        "历史只有 {periods:count} 期；设计需要 {needed:count} 期：请再等，或用更短的周期",
    ),
    "design.no_spend": (
        "the channel spent nothing in {periods:many period}: there is nothing to switch off",
        "该渠道在 {periods:count} 期内没有支出：没有可以关闭的投放",
    ),
    "design.silent": (
        "{channel} spent nothing in the last {weeks:many week} that are booked, until {until}; it last did on {last}: there is nothing to switch off until it spends again",
        "{channel} 在已入账的最后 {weeks:count} 周（至 {until}）没有支出，最后一次是 {last}：重新投放之前没有可以关闭的投放",
    ),
    "design.empty": (
        "no {outcome:outcome} are booked in the week of {week}, and a test is planned from weeks that all have some: import what is missing",
        "{week} 那一周没有入账的{outcome:outcome}，而试验要由每周都有结果的历史来设计：请导入缺失的部分",
    ),
    "design.empty_region": (
        "{region} has nothing in week {week} of the history, and a test by regions is planned from weeks in which each has some: import what is missing, or join regions",
        "{region} 在历史的第 {week} 周没有结果，而按地区的试验要求每个地区每周都有：请导入缺失的部分，或合并地区",
    ),
    "design.too_noisy": (
        "the smallest lift that is detected in {periods:many period} is {smallest:share}, above the wanted {wanted:share}: test longer, join channels, or ask for less",
        "{periods:count} 期能检出的最小提升为 {smallest:share}，高于所求的 {wanted:share}：请延长试验、合并渠道或放宽要求",
    ),
    "design.few_regions": (
        "{regions:many region}; a test needs {needed:count} or more and enough ways to choose among them: split regions, or switch the channel on and off",
        "只有 {regions:count} 个地区；试验至少需要 {needed:count} 个，并有足够多的选法：请细分地区，或改用开关试验",
    ),
    # what a marketing mix cannot tell
    "mix.and_test": ("{why}; {test}", "{why}；{test}"),
    "mix.test": (
        "a lift test of {channel} would tell: {periods} periods with changed spend, measured to within {se:around} in all (standard error), halve the uncertainty",
        "对 {channel} 做提升试验即可分辨：改变支出 {periods} 期，总提升的标准误在 {se:around} 以内，不确定性减半",
    ),
    "mix.any_test": (
        "a spend that changes in {periods} periods, or any lift test of {channel}, would tell",
        "让支出在 {periods} 期里有变化，或对 {channel} 做任一提升试验，即可分辨",
    ),
    "mix.constant": (
        "{channel} always spent {spend:asked}: what it brings is part of the level",
        "{channel} 的支出一直是 {spend:asked}：它的贡献混在基线里",
    ),
    "mix.few_periods": (
        "{channel} changed its spend in {periods:many period} only, and {least} are needed",
        "{channel} 只有 {periods} 期支出有变化，至少需要 {least} 期",
    ),
    "mix.collinear": (
        "{share:share} of the rise and fall of {channel} is that of season, trend and other channels",
        "{channel} 起伏的 {share:share} 与季节、趋势和其他渠道相同",
    ),
    "mix.traded": (
        "{channel} and {other} are known together, not apart (correlation {correlation:ratio})",
        "{channel} 与 {other} 只能合在一起估计，分不开（相关 {correlation:ratio}）",
    ),
    "mix.faint": (
        "{channel} may as well bring next to nothing: {brought:amid}",
        "{channel} 的贡献也可能接近于零：{brought:amid}",
    ),
    "mix.beyond": (
        "what {channel} brought may be more than all that came ({share:of_all}): it is not told from what comes without any spend",
        "{channel} 的贡献可能超过全部结果（{share:of_all}）：它与不花钱也会有的部分分不开",
    ),
    "mix.beyond_together": (
        "what all channels together brought may be more than all that came ({share:of_all}): the part of {channel} is not told from what comes without any spend",
        "所有渠道的贡献合起来可能超过全部结果（{share:of_all}）：{channel} 的部分与不花钱也会有的部分分不开",
    ),
    "mix.unmoved": (
        "the {curve:curve} of {channel} is what was assumed before the data, which narrow it by {contraction:whole_percent}",
        "{channel} 的{curve:curve}仍是先验的假设：数据只使它收窄 {contraction:whole_percent}",
    ),
    "mix.not_converged": (
        "the chains do not agree (R-hat {rhat:share}, {ess:count} independent draws): not to be used as measured",
        "各链不一致（R-hat {rhat:share}，独立样本 {ess:count}）：不能当作测得的结果",
    ),
    "mix.misfit": (
        "the residuals show what the model does not make: {check:check} (p {p:share})",
        "残差中有模型产生不了的现象：{check:check}（p {p:share}）",
    ),
    "mix.worse_than_naive": (
        "the fit forecasts with an error of {error:around}, the last season repeated with {naive:around}",
        "该拟合的预测误差为 {error:around}，重复上一季为 {naive:around}",
    ),
    "mix.lowers": (
        "{why}: so no figure of this fit is measured, they are extrapolated",
        "{why}：因此该拟合的数字都不算实测，只是外推",
    ),
    # a channel switched on and off, read out
    "test.little_known": (
        "{channel} has spent in {weeks:many week} only, so nothing is known of what it brings: the power is that for a lift of {lift:percent}, for which each unit spent would have to bring {returns:around}; if it brings less, the test likely shows nothing",
        "{channel} 只有 {weeks:count} 周有支出，它能带来多少尚无从知道：检出力是针对 {lift:percent} 的提升，为此每单位花费须带来 {returns:around}；若带来的更少，试验多半看不出效果",
    ),
    "test.unknown": (
        "{channel} has spent in {weeks:many week} only, and nothing of late, so nothing is known of what it brings: the power is that for a lift of {lift:percent}; if it brings less, the test likely shows nothing",
        "{channel} 只有 {weeks:count} 周有支出，近来没有，它能带来多少尚无从知道：检出力是针对 {lift:percent} 的提升；若带来的更少，试验多半看不出效果",
    ),
    "test.running": (
        "{days:many day} to go, until {last}: an early look is another chance to be wrong (`--early`)",
        "还剩 {days:count} 天，到 {last} 结束：提前查看会多一次出错的机会（`--early`）",
    ),
    "test.not_booked": (
        "the test ended on {last}, and {outcome:outcome} are booked until {known}: import the rest",
        "试验已于 {last} 结束，而{outcome:outcome}只入账到 {known}：请导入其余部分",
    ),
    "test.looked": (
        "read {looks:many time} in all: the chance that one of these intervals misses is up to {chance:percent}, not 5 %",
        "共读取 {looks:count} 次：其中有区间落空的概率最高为 {chance:percent}，而不是 5 %",
    ),
    "test.carries_over": (
        "what works for more than {weeks:many week} after it was spent is counted as if it came without {channel}: the lift is rather too small (`--block`, `--washout`)",
        "花费后作用超过 {weeks:count} 周的部分会被算作没有 {channel} 也会有：测得的提升偏小（`--block`、`--washout`）",
    ),
    "test.allows_carry_over": (
        "the interval allows for ads of {channel} that keep up to {memory:percent} of their effect a week later; between weeks on and off alone the lift is in [{low:percent}, {high:percent}]. What is kept for longer is counted as if it came without the channel: the lift is then too small (`--block`, `--washout`)",
        "区间允许 {channel} 的广告一周后仍保留至多 {memory:percent} 的效果；仅比较开与关的各周，提升在 [{low:percent}, {high:percent}]。保留更久的效果会被算作没有该渠道也会有：那时测得的提升偏小（`--block`、`--washout`）",
    ),
    "test.allows_unbounded": (
        "the interval allows for ads of {channel} that keep up to {memory:percent} of their effect a week later; between weeks on and off alone the lift has no bounds yet. What is kept for longer is counted as if it came without the channel: the lift is then too small (`--block`, `--washout`)",
        "区间允许 {channel} 的广告一周后仍保留至多 {memory:percent} 的效果；仅比较开与关的各周，提升还没有界。保留更久的效果会被算作没有该渠道也会有：那时测得的提升偏小（`--block`、`--washout`）",
    ),
    "test.spent_while_off": (
        "{channel} spent {spend:money} from {first} to {last}, where it was to be off",
        "{channel} 在本应关闭的 {first} 至 {last} 花费了 {spend:money}",
    ),
    "test.silent_while_on": (
        "{channel} spent nothing from {first} to {last}, where it was to be on",
        "{channel} 在本应开启的 {first} 至 {last} 没有花费",
    ),
    "test.regions_not_followed": (
        "spend is not imported by region: whether the calendar was followed is not known",
        "花费没有按地区导入：无法知道日程是否得到遵守",
    ),
    "calendar.on": ("{channel}: on", "{channel}：开启"),
    "calendar.off": ("{channel}: off", "{channel}：关闭"),
    "calendar.on_in": ("{channel}: on in {regions}", "{channel}：在 {regions} 开启"),
    "calendar.off_in": ("{channel}: off in {regions}", "{channel}：在 {regions} 关闭"),
    "calendar.why": (
        "drawn by lot: a week that does not follow it makes the lift smaller",
        "由抽签决定：不按此执行的周会使测得的提升变小",
    ),
    # what a mix rests on
    "series.spend_ends": (
        "the spend of {channel} is booked until {until}, and taken as 0 after it",
        "{channel} 的花费只入账到 {until}，之后按 0 计",
    ),
    "series.outcome_ends": (
        "{outcome:outcome} are booked until {until}, spend until {spent}: what is behind that day is not in the series, import the rest",
        "{outcome:outcome}只入账到 {until}，花费到 {spent}：之后的部分不在序列中，请导入其余部分",
    ),
    "series.missing": (
        "in {n:count} of the {period:periods} from {first} to {last} no {outcome:outcome} are booked, unlike in those around them: taken as not imported, they are left out of the fit, and what was spent in them works on in those behind; import what is missing, or rows of 0 where there were none",
        "{first} 至 {last} 之间有 {n:count} {period:periods}没有入账的{outcome:outcome}，与前后不同：视为未导入，不参与拟合，但其间的花费仍作用于之后；请导入缺失部分，若确实没有则导入为 0 的行",
    ),
    "series.empty": (
        "in {n:count} of the {period:periods} from {first} to {last} no {outcome:outcome} are booked, as often around them: it is assumed that there were none",
        "{first} 至 {last} 之间有 {n:count} {period:periods}没有入账的{outcome:outcome}，前后也常如此：假定确实没有",
    ),
    "mix.no_forecast": (
        "a series of {periods:many period} is too short to forecast any that the fit has not seen",
        "{periods:count} 期太短，无法留出未见过的时期来检验预测",
    ),
    "mix.test_command": (
        "`steelyard market test {channel}` designs one",
        "`steelyard market test {channel}` 可设计一个",
    ),
    "mix.test_for": (
        "the outcome by week is too noisy for a lift of {usual:percent}; `steelyard market test {channel} --lift {lift:asked}` designs one",
        "每周的结果波动太大，检不出 {usual:percent} 的提升；`steelyard market test {channel} --lift {lift:asked}` 可设计一个",
    ),
    "mix.no_test": (
        "no test can be designed yet: {why}",
        "目前还不能设计试验：{why}",
    ),
}
