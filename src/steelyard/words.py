"""The sentences of every reason, in English and in Chinese. Knows no mathematics and no store.

A template names the figures of its reason and how each is written (`steelyard.figures`). A plug-in
brings words for codes of its own by `learn`.
Example: `say(Reason("goal.above", {"goal": "p95_ms", "value": 52.8, "limit": 20.0}), "zh")`
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

from steelyard.figures import written
from steelyard.reason import Reason, told
from steelyard.terms import LANGUAGES
from steelyard.words_economics import ECONOMICS
from steelyard.words_market import MARKET
from steelyard.words_metric import METRIC
from steelyard.words_plan import PLAN
from steelyard.words_release import RELEASE
from steelyard.words_score import SCORE

JOINED = ("; ", "；")
_PARSER = Formatter()

# code -> (English, Chinese)
WORDS: dict[str, tuple[str, str]] = {
    **ECONOMICS,
    **MARKET,
    **METRIC,
    **PLAN,
    **RELEASE,
    **SCORE,
    "several": ("{each}", "{each}"),
    "told": ("{en}", "{zh}"),
    # a goal that a figure misses
    "goal.above": (
        "{goal:figure} {value:apart limit}{goal:unit} is above the goal {limit:exact}",
        "{goal:figure} {value:apart limit}{goal:unit} 高于目标 {limit:exact}",
    ),
    "goal.below": (
        "{goal:figure} {value:apart limit}{goal:unit} is below the goal {limit:exact}",
        "{goal:figure} {value:apart limit}{goal:unit} 低于目标 {limit:exact}",
    ),
    "quality.too_few": (
        "too few examples of {classes:named} for an interval (fewer than {enough:count} each)",
        "{classes:named} 的样本太少，无法给出区间（每类少于 {enough:count} 条）",
    ),
    "goal.near": (
        "{missed}, by a hair: the goal is met with a probability of {chance:whole_percent}",
        "{missed}，仅差一点：达到目标的概率为 {chance:whole_percent}",
    ),
    "goal.barely": (
        "{goal:figure} {value:apart limit} reaches the goal {limit:exact} by a hair: it is met with a probability of {chance:whole_percent}",
        "{goal:figure} {value:apart limit} 仅略达目标 {limit:exact}：达到目标的概率为 {chance:whole_percent}",
    ),
    # the choice among variants
    "variant.baseline": ("the baseline: what the canary is compared with", "基线：金丝雀与之比较"),
    "variant.cheapest": ("meets every goal at the lowest cost", "满足所有目标且成本最低"),
    "variant.most_money": (
        "meets every goal and earns most until the next turn: {cheapest:variant} would save {saves:around} {currency} of serving and lose {answers:around} {currency} in answers",
        "满足所有目标，且到下一轮的收益最高：{cheapest:variant} 的服务成本会省 {saves:around} {currency}，但回答会损失 {answers:around} {currency}",
    ),
    "variant.less_money": (
        "earns {less:around} {currency} less than {best:variant} until the next turn: {serving:saving} {currency} for serving, {answers:saving} {currency} for answers",
        "到下一轮比 {best:variant} 少赚 {less:around} {currency}：服务 {serving:saving} {currency}，回答 {answers:saving} {currency}",
    ),
    "variant.cannot_tell": (
        "{n:count} records cannot tell whether it loses more than {loss_max:exact} of quality: with a probability of {chance:whole_percent} it does, and what it likely loses is {likely:share}; about {more:count} more labelled records would tell with {confidence:whole_percent}",
        "{n:count} 条记录无法判断其质量损失是否超过 {loss_max:exact}：超过的概率为 {chance:whole_percent}，可能的损失为 {likely:share}；再有约 {more:count} 条标注记录，便能以 {confidence:whole_percent} 的把握判断",
    ),
    "variant.taken_open": (
        "{why}; taken although its loss is open, since all whose loss is within the limit miss a goal: {open}",
        "{why}；其损失尚无定论，但损失在限度内的都没有达到目标，因此仍选它：{open}",
    ),
    "variant.unchosen": (
        "{metric} on records that took no part in the choice: {quality:within} ({n:count} records; each half of the hold-out is told with what the other half chose: {first:variant}, {second:variant})",
        "未参与选择的记录上的 {metric}：{quality:within}（{n:count} 条记录；留出集的每一半用另一半所选的版本计算：{first:variant}、{second:variant}）",
    ),
    "variant.cheap_enough": (
        "meets every goal; {more:about} {currency} more than {cheapest:variant} until the next turn count as the same cost, and {behind}",
        "满足所有目标；到下一轮比 {cheapest:variant} 多 {more:about} {currency}，视为成本相同，而 {behind}",
    ),
    "variant.dearer": (
        "costs {times:times}x {best:variant}",
        "成本是 {best:variant} 的 {times:times} 倍",
    ),
    "variant.same_cost": (
        "costs the same as {best:variant} ({more:about} {currency} apart until the next turn), {behind}",
        "成本与 {best:variant} 相同（到下一轮相差 {more:about} {currency}），{behind}",
    ),
    "variant.changes_more": (
        "what it answers changes in worth by {moved:percent} of a right answer against the uncompressed, up or down, that of the other by {other:percent}",
        "与未压缩的相比，其回答的价值上下变动平均为一个正确回答的 {moved:percent}，后者为 {other:percent}",
    ),
    "variant.slower": (
        "p95 {p95_ms:ms} ms against {other_ms:ms}",
        "p95 {p95_ms:ms} 毫秒，后者 {other_ms:ms}",
    ),
    "variant.larger": (
        "memory {memory_mb:mb} MB against {other_mb:mb}",
        "内存 {memory_mb:mb} MB，后者 {other_mb:mb}",
    ),
    "variant.no_better": (
        "and is neither clearly quicker nor clearly smaller",
        "且并不明显更快或更小",
    ),
    "variant.lost_quality": (
        "quality {quality:share} is {loss:apart loss_max} below the uncompressed {reference:share} (limit {loss_max:exact})",
        "质量 {quality:share} 比未压缩的 {reference:share} 低 {loss:apart loss_max}（限度 {loss_max:exact}）",
    ),
    "variant.timed_busy": (
        "{why} (the machine was busy: {wall_s:ratio} s of wall for one of CPU; measure again with: steelyard compress --again)",
        "{why}（测量时机器繁忙：每 1 秒 CPU 用了 {wall_s:ratio} 秒；可重测：steelyard compress --again）",
    ),
    # what goes live and what becomes canary
    "release.first": ("first release: nothing was live before", "首次发布：此前没有在线的版本"),
    "release.first_below": (
        "first release: nothing was live before; it misses a goal: {miss}",
        "首次发布：此前没有在线的版本；它没有达到目标：{miss}",
    ),
    "release.first_chosen": (
        "first release: the baseline misses a goal ({miss})",
        "首次发布：基线没有达到目标（{miss}）",
    ),
    "release.becomes_canary": ("meets the goals at the lowest cost", "以最低成本达到目标"),
    "release.other_canary": ("replaced as canary by {other:id}", "金丝雀换成了 {other:id}"),
    "release.other_share": ("the share was changed in the product file", "产品文件改了份额"),
    "release.replaced": ("replaced by {other:id}: {why}", "被 {other:id} 取代：{why}"),
    "release.pinned": ("the release is pinned by {who}: {why}", "版本已被固定（{who}: {why}）"),
    "release.none_meets": ("no variant meets the goals", "没有版本达到目标"),
    "release.live_already": ("the chosen variant is live already", "选中的版本已在线上"),
    "release.taken_back": ("rolled back before: {why}", "此前已回滚：{why}"),
    "release.by_hand": ("{who}: {why}", "{who}: {why}"),
    "release.strange_labels": (
        "not compared: the {arm:arm} variant answers labels that the file does not name ({labels:named}); say under data.sources.names what they are called now, or decide by hand: steelyard release promote",
        "不作比较：{arm:arm}回答的标签不在产品文件中（{labels:named}）；请在 data.sources 的 names 里写明它们现在的名称，或手动决定：steelyard release promote",
    ),
    "release.inferior": (
        "worse than the live variant on the hold-out by more than {loss_max:asked}: {measured:measured} {difference:interval} over {n:count} records, so no user meets it",
        "在留出集上比现行版本差，超过容许值 {loss_max:asked}：{measured:measured} {difference:interval}，共 {n:count} 条，因此不让用户遇到它",
    ),
    # places for the money
    "labels.none_left": ("the pool is empty", "标注池已空"),
    "labels.no_curve": ("no learning curve was measured", "尚未测量学习曲线"),
    "curve.misfit": (
        "no learning curve goes through the measured points: they lie {times:times} times as far off as trainings and the hold-out usually bring about, and the forecast allows for that",
        "没有一条学习曲线能穿过实测点：偏离是训练与留出集通常所致的 {times:times} 倍，预测区间已据此放宽",
    ),
    "labels.misfit": ("{gain}; but {misfit}", "{gain}；但{misfit}"),
    "labels.gain": (
        "{more:count} more labels of the data that are here ({total:count} in all) for {spend:money} {currency}: accuracy {gain:interval}",
        "为已有数据再取 {more:count} 条标注（共 {total:count} 条），花费 {spend:money} {currency}：准确率 {gain:interval}",
    ),
    "labels.gain_of": (
        "{more:count} more labels of the data that are here ({total:count} in all) for {spend:money} {currency}: {measure:goal} {gain:interval}",
        "为已有数据再取 {more:count} 条标注（共 {total:count} 条），花费 {spend:money} {currency}：{measure:goal} {gain:interval}",
    ),
    "labels.gain_behind": (
        "{gain}, of which {behind:share} only reaches the live {live:variant}",
        "{gain}，其中 {behind:share} 只够追上现行的 {live:variant}",
    ),
    "another.instead": (
        "{other:variant} instead of {live:variant}: {serving:saving} {currency} of serving, {answers:saving} {currency} of answers over {requests:count} requests",
        "用 {other:variant} 代替 {live:variant}：{requests:count} 次请求中服务成本 {serving:saving} {currency}，答案价值 {answers:saving} {currency}",
    ),
    "served.slow": (
        "{live:variant} took p95 {p95_ms:served_ms} ms in service, above the goal {goal_ms:asked}",
        "{live:variant} 服务时 p95 为 {p95_ms:served_ms} 毫秒，高于目标 {goal_ms:asked}",
    ),
    "served.slower": (
        "{live:variant} took p95 {p95_ms:served_ms} ms in service ({before_ms:served_ms} before), above the goal {goal_ms:asked}",
        "{live:variant} 服务时 p95 为 {p95_ms:served_ms} 毫秒（事先 {before_ms:served_ms}），高于目标 {goal_ms:asked}",
    ),
    "served.dear": (
        "{live:variant} cost {times:ratio}x in service what was measured before; {because}",
        "{live:variant} 服务成本是事先测得的 {times:ratio} 倍；{because}",
    ),
    "served.other_served": (
        "{other:variant} costs {times:ratio}x of that in service",
        "{other:variant} 服务时是它的 {times:ratio} 倍",
    ),
    "served.other_measured": (
        "{other:variant} costs {times:ratio}x of that as measured",
        "{other:variant} 按测得是它的 {times:ratio} 倍",
    ),
    # customers who tell too little
    # what a person types to do it
    "do.buy_labels": (
        "set `label.start: {total}` in {file} and run `steelyard turn {file}`; {money:money} {currency}",
        "在 {file} 中设 `label.start: {total}`，再运行 `steelyard turn {file}`；花费 {money:money} {currency}",
    ),
    "do.build_variant": (
        "set `compress.variants: {variants:yaml}` in {file} and run `steelyard turn {file}`: {name} becomes the canary, and live once answers show that it is as good",
        "在 {file} 中设 `compress.variants: {variants:yaml}`，再运行 `steelyard turn {file}`：{name} 成为金丝雀，答案证明不更差后上线",
    ),
    "do.promote": (
        "run `steelyard release promote {file} {name} --who NAME --why TEXT`",
        "运行 `steelyard release promote {file} {name} --who 姓名 --why 理由`",
    ),
    "do.measure_again": (
        "run `steelyard compress {file} --again`, which measures every variant anew, and then `steelyard turn {file}`",
        "运行 `steelyard compress {file} --again` 重新测量每个版本，再运行 `steelyard turn {file}`",
    ),
    "do.keep": (
        "keep the {money:money} {currency}; run `steelyard turn {file}` again when new data or users' outcomes (POST /v1/feedback) have come",
        "先留着这 {money:money} {currency}；有了新数据或用户结果（POST /v1/feedback）后再运行 `steelyard turn {file}`",
    ),
    "do.finish_canary": (
        "leave it in service and run `steelyard turn {file}` again; it costs nothing",
        "让它继续服务，再运行 `steelyard turn {file}`；不花钱",
    ),
    # the plan
    "canary.undecided": (
        "{name} as canary is not decided: {because}",
        "金丝雀 {name} 尚无定论：{because}",
    ),
    "plan.beside": ("{why}; beside it, {beside}", "{why}；此外，{beside}"),
    "plan.do": ("{do}: {why}", "{do}：{why}"),
    "plan.reopened": (
        "{why}; and the choice is open again: {again}",
        "{why}；另外，选择需要重新考虑：{again}",
    ),
    "plan.again": ("{because}: {do}", "{because}：{do}"),
    # inside a headline
    "headline.above": (
        "{goal:goal} {value:briefly limit}{unit:behind} above {limit:asked}{unit:behind}",
        "{goal:goal} {value:briefly limit}{unit:behind} 高于 {limit:asked}{unit:behind}",
    ),
    "headline.below": (
        "{goal:goal} {value:briefly limit}{unit:behind} below {limit:asked}{unit:behind}",
        "{goal:goal} {value:briefly limit}{unit:behind} 低于 {limit:asked}{unit:behind}",
    ),
    "headline.requests": ("{n:count} requests", "{n:count} 次请求"),
    "headline.replayed": ("{n:count} replayed records", "{n:count} 条重放记录"),
    "headline.replayed_and_users": (
        "{n:count} replayed records and {users:count} answers to users",
        "{n:count} 条重放记录和 {users:count} 次用户回答",
    ),
}


def learn(code: str, words: tuple[str, str]) -> None:
    """Words for a code that a plug-in brings, such as `my_lever.returns`; what has words keeps them."""
    WORDS.setdefault(code, words)


def say(reason: Reason, language: str) -> str:
    """The sentence; KeyError for a code without words, or a number that its words need and it has not."""
    at = LANGUAGES.index(language)
    parts = _PARSER.parse(WORDS[reason.code][at])
    return "".join(
        text if name is None else text + _said(reason, name, way or "", language)
        for text, name, way, _ in parts
    )


def _said(reason: Reason, name: str, way: str, language: str) -> str:
    value = reason.numbers[name]
    if isinstance(value, Reason):
        return say(value, language)
    if isinstance(value, tuple) and value and all(isinstance(each, Reason) for each in value):
        said = [say(each, language) for each in value if isinstance(each, Reason)]
        return JOINED[LANGUAGES.index(language)].join(said)
    return written(value, way, numbers=reason.numbers, language=language)


def both(reason: Reason) -> dict[str, str]:
    """{"en", "zh"}."""
    return {language: say(reason, language) for language in LANGUAGES}


def spoken(name: str, reason: Reason | None) -> dict[str, Any]:
    """What a step leaves of a reason: `why` and `why_zh`, which a person reads, and `why_code` with
    `why_numbers`, which a program does."""
    if reason is None:
        return {name: "", f"{name}_zh": "", f"{name}_code": None, f"{name}_numbers": {}}
    body, said = reason.to_json(), both(reason)
    return {
        name: said["en"],
        f"{name}_zh": said["zh"],
        f"{name}_code": body["code"],
        f"{name}_numbers": body["numbers"],
    }


def kept(output: Mapping[str, Any], name: str) -> Reason:
    """The reason that a step left; its sentences as they stand where it has no code, as before
    0.4, or one that nobody has words for any more."""
    try:
        reason = Reason.of_json(
            {"code": output[f"{name}_code"], "numbers": output[f"{name}_numbers"]}
        )
        both(reason)
    except (KeyError, TypeError, ValueError, AttributeError):
        en = str(output[name])
        return told(en, str(output.get(f"{name}_zh") or en))
    return reason


def sentence(output: Mapping[str, Any], name: str, language: str) -> str:
    """The sentence that a step left, as it was written down; in English where there is no Chinese."""
    en = str(output[name])
    return en if language == "en" else str(output.get(f"{name}_zh") or en)
