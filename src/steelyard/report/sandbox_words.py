"""The words of the sandbox, on the page and in the terminal, in both languages. Knows no figures.

Example: `WORDS["zh"]["test"].format(what="价格") == "试验：价格"`
"""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "lang": "en",
        "title": "A simulated {kind}, {months} months",
        "kicker": "simulated company, seed {seed}, {budget} for all months",
        "ahead": "The plan earns {more} more than {second}, the next best",
        "behind": "{second} earns {more} more than the plan, in this company",
        "why": "The same company, four times: its truth is known here and to none of the four. The plan begins with what a first turn measures, acts on the first month of a plan for all that are left, sees what it brought with noise, may pay for tests, and plans again. The others give the same part to each place of theirs every month.",
        "profit": "Profit so far",
        "month": "month",
        "manager": "manager",
        "table": "What the plan did each month",
        "did": "money and changes",
        "nothing": "nothing",
        "test": "test: {what}",
        "footer": "Every figure here is of a simulated company: none of it was measured.",
        "picture": "the picture: {path}",
        "money": "units of money",
    },
    "zh": {
        "lang": "zh",
        "title": "模拟的{kind}，{months} 个月",
        "kicker": "模拟公司，种子 {seed}，全部月份共 {budget}",
        "ahead": "规划比次优的“{second}”多赚 {more}",
        "behind": "在这家公司，“{second}”比规划多赚 {more}",
        "why": "同一家公司运行四次：真实情况在这里已知，四种做法都不知道。规划从第一轮测到的数据出发，为剩余月份制订计划并只执行第一个月，带噪声地看到结果，可以花钱做试验，然后重新规划。另外三种每月给自己的每一处同样的金额。",
        "profit": "累计利润",
        "month": "月",
        "manager": "做法",
        "table": "规划每个月做了什么",
        "did": "花费与变动",
        "nothing": "什么也没做",
        "test": "试验：{what}",
        "footer": "这里的每个数字都来自模拟公司：没有一个是实测。",
        "picture": "图：{path}",
        "money": "货币单位",
    },
}
