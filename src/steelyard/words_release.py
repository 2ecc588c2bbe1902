"""Sentences of what an experiment between two variants showed, and why it decides or does not. Knows no mathematics.

Each belongs to `steelyard.words.WORDS`. Example: `RELEASE["readout.worse"][0].startswith("worse by more")`
"""

from __future__ import annotations

RELEASE: dict[str, tuple[str, str]] = {
    "readout.no_canary": ("no canary: nothing to compare", "没有金丝雀版本，无可比较"),
    "readout.changed_by_hand": (
        "the release was changed by hand meanwhile",
        "版本在此期间被手动更改",
    ),
    "readout.worse": (
        "worse by more than {loss_max:asked}: {told}",
        "差于容许值 {loss_max:asked}：{told}",
    ),
    "readout.loses": (
        "loses money for certain, {net:spread} {currency} per 1,000 requests: {told}",
        "确定亏损，每千次请求净值 {net:spread} {currency}：{told}",
    ),
    "readout.undecided": (
        "undecided, more outcomes are needed: {told}",
        "尚无定论，需要更多结果：{told}",
    ),
    "readout.unanswered": (
        "cannot tell: the arms told of unlike shares of their answers, and by the outcomes that did not come the canary may be worse by more than {loss_max:asked}; look for what keeps users of one arm from answering: {told}",
        "无法判断：两边有结果的回答比例不同，若计入未返回的结果，金丝雀可能差于容许值 {loss_max:asked}；请查明是什么使其中一边的用户不反馈：{told}",
    ),
    "readout.disagree": (
        "the stream and real users disagree: {told}",
        "流量样本与真实用户的结果不一致：{told}",
    ),
    "readout.promote": (
        "not worse by more than {loss_max:asked}, and more money for certain, {net:spread} {currency} per 1,000 requests: {told}",
        "未差于容许值 {loss_max:asked}，且确定更值，每千次请求净值 {net:spread} {currency}：{told}",
    ),
    "readout.cheaper": (
        "not worse by more than {loss_max:asked}, and cheaper for certain; with what answers are worth {net:spread} {currency} per 1,000 requests: {told}",
        "未差于容许值 {loss_max:asked}，且确定更便宜；计入答案价值，每千次请求净值 {net:spread} {currency}：{told}",
    ),
    "readout.net_open": (
        "not worse by more than {loss_max:asked}, but it may lose money, {net:spread} {currency} per 1,000 requests: {told}",
        "未差于容许值 {loss_max:asked}，但可能亏损，每千次请求净值 {net:spread} {currency}：{told}",
    ),
    "readout.no_worth": (
        "better for certain, and dearer ({net:spread} {currency} per 1,000 requests); what a right answer is worth is not declared, so say money.correct_answer or decide by hand: {told}",
        "确定更好，但更贵（每千次请求 {net:spread} {currency}）；尚未声明正确答案的价值，请填写 money.correct_answer 或手动决定：{told}",
    ),
    "readout.exhausted": (
        "every labelled record of the stream was sent: add data, let real users' outcomes come (POST /v1/feedback), or decide by hand (steelyard release promote|rollback {file} --who NAME --why TEXT); {why}",
        "流量样本已全部发送：请补充数据，等待真实用户的结果（POST /v1/feedback），或手动决定（steelyard release promote|rollback {file} --who NAME --why TEXT）；{why}",
    ),
    "readout.frozen": (
        "{why}; by the rule with which this experiment began; the file now says otherwise of {settings:named}, which holds from the next experiment on",
        "{why}；按本次实验开始时的规则：文件中的 {settings:named} 已改动，从下一次实验起生效",
    ),
    "readout.broken": (
        "not decided, since {broken}; without that: {why}",
        "暂不决定，因为{broken}；否则：{why}",
    ),
    "readout.mismatch": (
        "users did not come to the arms as promised: {canary:count} of the canary and {live:count} of the live variant, a share of {found:share} where {share:asked} was set; look for users who are routed elsewhere, for answers that one arm loses, and for robots",
        "用户没有按设定比例分到两边：金丝雀 {canary:count} 位，现行版本 {live:count} 位，占比 {found:share}，设定为 {share:asked}；请检查是否有用户被转到别处、某一边丢失回答，或有机器人",
    ),
    "readout.clock": (
        "the clock jumped back from {before} to {after} (UTC), so which answers belong to the experiment is not known; set the clock, roll the canary back by hand, pin and unpin, and let a turn begin anew",
        "时钟从 {before} 倒退到 {after}（UTC），无法确定哪些回答属于本次实验；请校准时钟，手动回滚金丝雀，固定后再取消固定，让下一轮重新开始",
    ),
    "readout.contradicted": (
        "an earlier experiment of these two ({experiment:id}) ended the other way, so nothing is done; look for what differs between them (users, days, data, prices), and decide by hand: {why}",
        "这两个版本较早的实验（{experiment:id}）结论相反，因此不作处理；请查明两次的差别（用户、日期、数据、价格）后手动决定：{why}",
    ),
    "option.net": (
        "until the next turn ({requests:count} requests) it brings {net:net} {currency}",
        "到下一轮（{requests:count} 次请求）为止带来 {net:net} {currency}",
    ),
    "option.records": (
        "{said}; replayed records that are still needed to decide, if figures stay as they are: {more:count}",
        "{said}；若数值不变，再重放 {more:count} 条记录即可定论",
    ),
    "option.users": (
        "{said}; users with an outcome that are still needed to decide, if figures stay as they are: {more:count} ({requests:count} requests)",
        "{said}；若数值不变，再有 {more:count} 位有结果的用户（{requests:count} 次请求）即可定论",
    ),
    "evidence.replay": (
        "outcome {difference:interval} over {n:count} replayed records that both answered",
        "结果差 {difference:interval}，共 {n:count} 条两个版本都回答过的重放记录",
    ),
    "evidence.users": (
        "real users' outcome {difference:interval} over {live:count} and {canary:count} users",
        "真实用户的结果差 {difference:interval}，两边各 {live:count} 与 {canary:count} 位用户",
    ),
    "evidence.response": (
        "{told} (of the answers {live:percent} have an outcome in the live arm and {canary:percent} in the canary's; at the worst reading {worst:interval})",
        "{told}（有结果的回答：现行版本 {live:percent}，金丝雀 {canary:percent}；按最坏解读 {worst:interval}）",
    ),
}
