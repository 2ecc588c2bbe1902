"""The words of the statement's page, in both languages. Knows no figures.

Example: `WORDS["zh"]["cash"] == "现金余额"`
"""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "lang": "en",
        "title": "Statement of {product}",
        "kicker": "{product}: {first} to {last}, in {unit}",
        "headline": "{profit} {unit} are left",
        "why": "Income less cost in cash. What answers are declared to be worth stands beside it and is in none of it.",
        "no_cash": "Income less cost in cash; say money.cash in the product file, and the balance and how long it lasts are told. What answers are declared to be worth stands beside it.",
        "cash": "cash",
        "runway": "months that it lasts",
        "by": "By {by}",
        "note": "Each figure is a sum of lines of the ledger, to the billionth; shown are two digits.",
        "budgets": "Budgets of this month",
        "footer": "Made by steelyard from the lines of the ledger.",
    },
    "zh": {
        "lang": "zh",
        "title": "{product} 的对账单",
        "kicker": "{product}：{first} 至 {last}，单位 {unit}",
        "headline": "结余 {profit} {unit}",
        "why": "现金收入减去现金成本。回答的声明价值列在旁边，不计入其中。",
        "no_cash": "现金收入减去现金成本；在产品文件中写明 money.cash，就能给出余额和还能用多久。回答的声明价值列在旁边。",
        "cash": "现金余额",
        "runway": "还能用几个月",
        "by": "按{by}",
        "note": "每个数字都是账本行之和，精确到十亿分之一；这里显示两位小数。",
        "budgets": "本月预算",
        "footer": "由 steelyard 根据账本行生成。",
    },
}
