"""The words of the launch page that are ours, in both languages. Knows no product.

Example: `WORDS["zh"]["prices"] == "价格"`
"""

from __future__ import annotations

from collections.abc import Mapping

TAGS = {"en": "en", "zh": "zh-CN"}  # as `lang` of HTML has them (BCP 47)
NAMES = {"en": "English", "zh": "中文"}
LOCALES = {"en": "en_US", "zh": "zh_CN"}
# per -> (English, Chinese, code of UN/CEFACT recommendation 20 where it has one)
PER: dict[str, tuple[str, str, str | None]] = {
    "once": ("once", "一次性", None),
    "month": ("per month", "每月", "MON"),
    "year": ("per year", "每年", "ANN"),
    "user_month": ("per user and month", "每位用户每月", "MON"),
    "request": ("per request", "每次请求", "C62"),
    "1000_requests": ("per 1,000 requests", "每千次请求", "MIL"),
}

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "skip": "To the content",
        "languages": "Language",
        "try": "Try it",
        "to_prices": "Prices",
        "demo": "Try it on the live release",
        "demo_says": "What you send is answered by the release that answers customers. It is not kept; the answer is counted apart from theirs.",
        "input_text": "Your text",
        "input_json": "Your input, as JSON",
        "input_file": "Your picture",
        "limit_text": "At most {most:,} characters.",
        "limit_file": "At most {most:,} bytes.",
        "limit_asked": "At most {most:,} questions a minute.",
        "ask": "Ask",
        "answer": "Answer",
        "nothing_found": "Nothing was found in this text.",
        "share": "probability",
        "quality": "Measured quality",
        "quality_says": "Measured on {n:,} records that were kept apart and never trained on (version {version} of the data), on {measured}. Intervals are 95% bootstrap intervals over these records.",
        "quality_table": "Quality of the live release on records kept apart",
        "metric": "measure",
        "value": "value",
        "interval": "95% interval",
        "release": "Live release {variant}, answering since {since}.",
        "unmeasured": "The live release was not measured on records kept apart.",
        "unreleased": "Not released yet: no release answers at the moment, so there is nothing to try and no quality to show.",
        "prices": "Prices",
        "free": "free",
        "requests": "{n:,} requests a month",
        "contact": "Contact",
        "write": "Write to us",
        "api": "The same as an API",
        "footer": "Quality and release on this page are read from the ledger of the product.",
        "problem": "That did not work",
        "refused_429": "Too many questions in a minute. Please try again in {wait} s.",
        "refused_503": "The server is busy with its customers. Please try again in {wait} s.",
        "refused_413": "That is too long: {limit}",
        "refused_422": "That cannot be read.",
        "refused_other": "The question was refused.",
    },
    "zh": {
        "skip": "跳到正文",
        "languages": "语言",
        "try": "试一试",
        "to_prices": "价格",
        "demo": "在正式版本上试用",
        "demo_says": "您发送的内容由回答客户的同一版本回答。内容不会保存；答案与客户的答案分开计数。",
        "input_text": "您的文本",
        "input_json": "您的输入（JSON）",
        "input_file": "您的图片",
        "limit_text": "最多 {most:,} 个字符。",
        "limit_file": "最多 {most:,} 字节。",
        "limit_asked": "每分钟最多 {most:,} 次。",
        "ask": "提问",
        "answer": "回答",
        "nothing_found": "在这段文本中没有找到任何内容。",
        "share": "概率",
        "quality": "实测质量",
        "quality_says": "在 {n:,} 条单独留出、从未用于训练的记录上测得（数据第 {version} 版），日期 {measured}。区间为对这些记录做自助重抽样得到的 95% 区间。",
        "quality_table": "正式版本在留出记录上的质量",
        "metric": "指标",
        "value": "数值",
        "interval": "95% 区间",
        "release": "正式版本 {variant}，自 {since} 起提供服务。",
        "unmeasured": "正式版本尚未在留出记录上测量。",
        "unreleased": "尚未发布：目前没有版本在提供服务，因此无法试用，也没有质量数据。",
        "prices": "价格",
        "free": "免费",
        "requests": "每月 {n:,} 次请求",
        "contact": "联系我们",
        "write": "写信给我们",
        "api": "以 API 方式使用",
        "footer": "本页的质量与版本信息读自产品的账本。",
        "problem": "没有成功",
        "refused_429": "一分钟内提问过多，请在 {wait} 秒后再试。",
        "refused_503": "服务器正忙于客户的请求，请在 {wait} 秒后再试。",
        "refused_413": "内容过长：{limit}",
        "refused_422": "无法读取这个输入。",
        "refused_other": "这个请求被拒绝。",
    },
}
