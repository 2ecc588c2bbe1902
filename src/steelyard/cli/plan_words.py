"""What `steelyard plan` prints beside the sentences of the plan itself, in English and in Chinese. Knows no figure.

Example: `told("kept")` is "kept"
"""

from __future__ import annotations

from typing import Any

from steelyard.cli.show import language
from steelyard.terms import LANGUAGES

# what is said -> (English, Chinese)
SENTENCES: dict[str, tuple[str, str]] = {
    "next": ("The next {unit} {currency}: {what}", "下一笔 {unit} {currency}：{what}"),
    "of_turn": (
        "planned anew of turn {turn} and today's books; nothing was run or written",
        "根据第 {turn} 轮和今天的账目重新规划；没有运行或写入任何东西",
    ),
    "changed": (
        "the product file changed since turn {turn} ({names}): its plan and its prices count here already, what other sections change is known after the next turn",
        "产品文件在第 {turn} 轮之后改过（{names}）：其中的规划和价格这里已经计入，其他部分的影响要到下一轮之后才知道",
    ),
    "split": ("Where the money goes", "钱投向哪里"),
    "sides": ("Technology against the market, each alone", "技术对市场，各自单独"),
    "looks": ("What could be measured first", "可以先测量什么"),
    "unknown": ("Not known:", "尚不知道："),
    "more_unknown": ("and {n} more: see --json, or the report", "另有 {n} 条：见 --json 或报告"),
    "on_request": (
        "Nothing to do now, or nothing booked: {names}; `steelyard plan explain NAME` says which and how",
        "目前无事可做，或没有记账：{names}；`steelyard plan explain 名称` 会说明是哪一种、怎么办",
    ),
    "kept": ("kept", "留着"),
    "steps": ("done besides", "同时做的"),
    "place": ("place", "去处"),
    "side": ("side", "一方"),
    "money": ("money", "金额"),
    "next_unit": ("a unit more brings", "再加一单位带来"),
    "best": ("best next unit", "下一单位最佳概率"),
    "evidence": ("evidence", "依据"),
    "alone": ("profit alone", "单独的利润"),
    "look": ("look", "测量"),
    "costs": ("costs", "花费"),
    "weeks": ("weeks", "周"),
    "net": ("worth, net", "净价值"),
    "free": ("beside it, free of charge: {what}", "此外，不花钱：{what}"),
    "sure": (
        "{side} is the better side with a probability of {sure}",
        "{side}更划算的概率为 {sure}",
    ),
    "equal": ("neither side is worth more than the other", "两方没有哪一方更值"),
    "what_if": ("If {asked}", "假如 {asked}"),
    "what": ("what", "项目"),
    "before": ("now", "现在"),
    "after": ("then", "那时"),
    "budget": ("budget", "预算"),
    "profit": ("profit [80 %]", "利润 [80 %]"),
    "better": ("better side", "更划算的一方"),
    "shadow": ("a unit more of budget brings", "预算再加一单位带来"),
    "amounts": ("{name}: what amounts bring", "{name}：各金额带来什么"),
    "brings": ("brings [80 %]", "带来 [80 %]"),
    "capacity": (
        "takes at most {most} {currency}; works at its height after {delay} months; the next unit is best there with a probability of {best}",
        "最多容纳 {most} {currency}；{delay} 个月后完全见效；下一单位投在这里最好的概率为 {best}",
    ),
    "endless": (
        "takes any amount; works at its height after {delay} months; the next unit is best there with a probability of {best}",
        "金额没有上限；{delay} 个月后完全见效；下一单位投在这里最好的概率为 {best}",
    ),
    "movable": (
        "up to {least} {currency} of today's spend may be taken away there until the next turn (plan.change)",
        "下一轮之前这里今天的花费最多可减去 {least} {currency}（plan.change）",
    ),
    "once": (
        "{name} is paid once beside it: {cost} {currency}",
        "另需一次性支付 {name}：{cost} {currency}",
    ),
    "pays_from": (
        "a unit more returns itself as long as it brings {times} times what is believed, or more",
        "只要它带来的不少于所估计的 {times} 倍，再加一单位就能收回",
    ),
    "never_pays": (
        "by what is believed a unit more there brings nothing",
        "按目前的估计，在这里再加一单位没有带来任何东西",
    ),
    "chain": ("What {money} {currency} there rests on:", "在这里投 {money} {currency} 的依据："),
    "changes": ("What would change the advice:", "什么会改变这个建议："),
    "step": (
        "{name}: {profit} {currency} within {months} months ({evidence})",
        "{name}：{months} 个月内 {profit} {currency}（{evidence}）",
    ),
    "taken": ("it is part of the plan", "它在规划之中"),
    "not_taken": ("it is no part of the plan", "它不在规划之中"),
    "reads": (
        "{name}: it would read {reads}, with an error of {error}; costs {cost} {currency} and takes {weeks} weeks; worth {gross} {currency}, and {net} less its cost and its time",
        "{name}：会读到 {reads}，误差 {error}；花费 {cost} {currency}，用时 {weeks} 周；价值 {gross} {currency}，扣除花费与时间后 {net}",
    ),
    "tornado": (
        "What moves the answer: profit of the plan within {months} months, {profit} {currency}, by one belief at a time",
        "什么会改变答案：{months} 个月内规划的利润 {profit} {currency}，每次只改一项估计",
    ),
    "better_there": ("{profit}; better: {name} {more}", "{profit}；更好：{name} {more}"),
    "unmoved": (
        "no belief alone, at either end of its interval, moves the profit of the plan or makes another place better",
        "任何一项估计单独处于其区间的任一端，都不改变规划的利润，也不使别处更好",
    ),
    "belief": ("belief", "估计"),
    "from": ("from [10 %]", "从 [10 %]"),
    "to": ("to [90 %]", "到 [90 %]"),
    "profit_from": ("profit at 10 %", "10 % 处利润"),
    "profit_to": ("profit at 90 %", "90 % 处利润"),
    "written": (
        "* written in the product file and not measured: a fifth less and a quarter more",
        "* 写在产品文件里、没有测量过的：减少五分之一、增加四分之一",
    ),
    "approves": (
        "the plan of turn {turn}, for the next {days} days: {do}",
        "第 {turn} 轮的规划，用于今后 {days} 天：{do}",
    ),
    "finishes": (
        "turn {turn} was approved by {who}; its change of the product file is still to be written",
        "第 {turn} 轮已由 {who} 批准；对产品文件的修改还没有写入",
    ),
    "unchanged": ("the product file stays as it is", "产品文件不变"),
    "ask": ("approve it?", "批准吗？"),
    "approved": (
        "approved by {who}; labels come with: steelyard turn {file}; money of channels and whatever else is said above is for you to spend and do",
        "已由 {who} 批准；标注随 steelyard turn {file} 而来；渠道的钱和上面所说的其他事由你去花、去做",
    ),
    "approved_no_labels": (
        "approved by {who}; what is said above is for you to spend and do; the next turn plans anew: steelyard turn {file}",
        "已由 {who} 批准；上面所说的由你去花、去做；下一轮会重新规划：steelyard turn {file}",
    ),
    "of_turn_n": ("turn {turn}: {said}", "第 {turn} 轮：{said}"),
    "there_more": ("one unit more at that amount", "在该金额上再加一单位"),
    "whole": (
        "a unit more, as the plan tells it: {value} (the mean over as much as could go there, with what is paid once)",
        "规划所说的再加一单位：{value}（在可投金额上取平均，已含一次性支付）",
    ),
    "not_approved": ("nothing was changed", "没有任何改动"),
    "scores": ("What past plans said, and what was seen", "过去的规划说了什么，后来看到了什么"),
    "turn": ("turn", "轮次"),
    "said": ("said [80 %]", "当时所说 [80 %]"),
    "seen": ("seen", "看到"),
    "held": ("held", "成立"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "calibration": (
        "{held} of {n} intervals of 80 % held: {share} [{low}, {high}]",
        "{n} 个 80 % 区间中有 {held} 个成立：{share} [{low}, {high}]",
    ),
    "quality": ("quality", "质量"),
    "cost_per_1000": ("cost per 1,000", "每千次成本"),
    "p95_ms": ("p95, ms", "p95，毫秒"),
    "requests": ("requests", "请求"),
    "customers": ("customers", "客户"),
    "sales": ("left of sales", "销售所余"),
    "value": ("the split, {currency}", "分配，{currency}"),
}


# what stands about words, without any of its own
MARKS: dict[str, tuple[str, str]] = {
    "pair": ("{name}: {said}", "{name}：{said}"),
    "aside": ("({said})", "（{said}）"),
}


def marked(mark: str, /, **values: Any) -> str:
    """With the marks of the language that is asked for."""
    return MARKS[mark][LANGUAGES.index(language())].format(**values)


def told(sentence: str, /, **values: Any) -> str:
    """A sentence in the language that is asked for."""
    return SENTENCES[sentence][LANGUAGES.index(language())].format(**values)
