"""Our words for what the ledger names: accounts, units, steps, states, options. Knows no figures.

A kind without both languages fails a test. Example: `term("state", "live", "zh") == "在线"`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LANGUAGES = ("en", "zh")

# kind -> name as the ledger keeps it -> (English, Chinese)
TERMS: dict[str, dict[str, tuple[str, str]]] = {
    "step": {
        "data": ("data", "数据"),
        "label": ("labels", "标注"),
        "baseline": ("baseline", "基线"),
        "train": ("training", "训练"),
        "compress": ("compression", "压缩"),
        "release": ("release", "发布"),
        "replay": ("replay", "重放"),
        "curve": ("learning curve", "学习曲线"),
        "market": ("market", "市场"),
        "plan": ("plan", "规划"),
        "report": ("report", "报告"),
    },
    "account": {
        "label": ("labels", "标注"),
        "cpu.serve": ("answering, CPU", "回答请求的 CPU"),
        "value.correct": ("worth of right answers", "正确回答的价值"),
        "value.wrong": ("harm of wrong answers", "错误回答的损失"),
        "ads.spend": ("advertising", "广告花费"),
        "sale.income": ("sales", "销售收入"),
        "sale.refund": ("refunds", "退款"),
        "sale.fee": ("payment fees", "支付手续费"),
        "api.calls": ("calls of others' models", "调用他人模型"),
        "label.holdout": ("labels of the hold-out", "留出集的标注"),
        "label.replay": ("labels of replayed records", "回放记录的标注"),
        "label.elsewhere": ("labels bought elsewhere", "在别处购买的标注"),
        "label.check": ("labels looked at once more", "标注复核"),
        "cpu.failed": ("attempts that were killed or failed", "被终止或失败的尝试"),
        "cpu.idle": ("idle cores, paid", "闲置但已付费的核"),
        "cpu.elsewhere": ("CPU elsewhere", "别处的 CPU"),
        "gpu.elsewhere": ("GPU", "GPU"),
        "people.hours": ("people's hours", "人工工时"),
        "storage.kept": ("storage", "存储"),
        "storage.sent": ("data sent out", "流出流量"),
        "market.test": ("channel tests designed", "渠道试验设计"),
        "market.lift": ("channel tests read", "渠道试验读数"),
        "plan.approved": ("plans approved", "批准的规划"),
    },
    "unit": {
        "label": ("labels", "条标注"),
        "cpu_hour": ("CPU hours", "CPU 核时"),
        "correct_answer": ("right answers", "个正确回答"),
        "outcome": ("outcomes", "个结果"),
        "day": ("rows of days", "条按日记录"),
        "sale": ("sales", "笔销售"),
        "invoice": ("invoices", "张账单"),
        "call": ("rows of calls", "条调用记录"),
        "gpu_hour": ("GPU hours", "GPU 小时"),
        "person_hour": ("hours", "工时"),
        "gb_month": ("GB months", "GB·月"),
        "gb": ("GB", "GB"),
        "test": ("tests", "个试验"),
        "readout": ("readouts", "次读数"),
        "approval": ("approvals", "次批准"),
    },
    "event": {
        "spend": ("spend", "花费"),
        "sales": ("sales", "销售"),
        "customers": ("customers", "客户"),
        "visits": ("visits", "访问"),
        "invoices": ("invoices", "账单"),
        "api_usage": ("use of others' models", "外部模型用量"),
        "usage": ("hours and gigabytes", "工时与用量"),
        "visit": ("visits, counted here", "访问（本服务器计数）"),
        "conversion": ("conversions, told here", "转化（告知本服务器）"),
        "revoked": ("conversions, taken back", "转化（已撤销）"),
    },
    "doing": {
        "import": ("reading and booking an export", "读取导出文件并入账"),
        "rows read": ("rows read", "已读取的行"),
        "columns read": ("columns read", "已解读的列"),
        "rows checked": ("rows checked", "已检查的行"),
        "rows compared": ("rows compared", "已比对的行"),
        "rows kept": ("rows kept", "已保存的行"),
        "lines booked": ("lines booked", "已入账的分录"),
    },
    "note": {
        "owed": (
            "What is owed is booked when the partner's invoice is imported",
            "应付金额在导入合作方账单时才入账",
        ),
        "nobody_asked": (
            "No request was answered in this period",
            "这段时间没有回答任何请求",
        ),
        "no_partners": (
            "No partner is named; add one under market.partners",
            "没有合作方；请在 market.partners 下添加",
        ),
    },
    "state": {
        "live": ("live", "在线"),
        "canary": ("canary", "金丝雀"),
        "retired": ("retired", "已退役"),
        "pinned": ("pinned", "已固定"),
        "unpinned": ("no longer pinned", "已取消固定"),
    },
    "option": {
        "labels": ("more labels", "更多标注"),
        "cheaper_variant": ("another variant", "换用另一个版本"),
        "another_variant": ("another variant", "换用另一个版本"),
        "served_variant": ("another variant, as served", "按实际服务换用另一个版本"),
        "nothing": ("keep the money", "先不花这笔钱"),
        "canary": ("the canary", "金丝雀"),
        "market": ("the market", "投向市场"),
        "channels": ("channels", "渠道"),
        "trials": ("tests", "试验"),
        "capacity": ("another core", "增加核数"),
        "hours": ("people's hours on the model", "投在模型上的人工工时"),
        "page": ("another launch page", "另一个落地页"),
        "partners": ("partners", "合作方"),
        "support": ("support", "客户支持"),
    },
    "place": {
        "labels": ("labels", "标注"),
        "hours": ("people's hours on the model", "投在模型上的人工工时"),
        "channel_0": ("channel A", "渠道 A"),
        "channel_1": ("channel B", "渠道 B"),
        "channel_2": ("channel C", "渠道 C"),
        "page": ("a launch page", "落地页"),
        "larger": ("the larger model", "较大的模型"),
        "smaller": ("the smaller model", "较小的模型"),
        "dearer": ("price 10 % up", "提价 10 %"),
        "cheaper": ("price 10 % down", "降价 10 %"),
        "curve": ("more labels", "更多标注"),
        "to_conversion": ("quality on conversion", "质量对转化的作用"),
        "to_worth": ("quality on retention", "质量对留存的作用"),
        "to_price": ("the price", "价格"),
    },
    "manager": {
        "plan": ("the plan", "规划"),
        "equal_parts": ("equal parts", "平均分配"),
        "market_only": ("market alone", "只投市场"),
        "technology_only": ("technology alone", "只投技术"),
    },
    "kind": {
        "service_desk": ("service desk", "客服台"),
        "opinion_monitor": ("opinion monitor", "舆情监测"),
        "recommender": ("recommender", "推荐系统"),
    },
    "evidence": {
        "measured": ("measured", "实测"),
        "extrapolated": ("extrapolated", "外推"),
        "assumed": ("assumed", "假设"),
    },
    "decision": {
        "promote": ("promoted", "已上线"),
        "rolled back": ("rolled back", "已回滚"),
        "keep": ("undecided", "尚无定论"),
        "none": ("nothing to compare", "没有可比较的版本"),
    },
    "cause": {
        "quality": ("one point of quality", "质量一个百分点"),
        "p95": ("100 ms of p95", "p95 延迟 100 毫秒"),
        "price": ("1 % of price", "价格的 1 %"),
    },
    "metric": {
        "conversion": ("conversion", "转化率"),
        "revenue": ("revenue", "收入"),
        "profit": ("profit", "利润"),
        "retention": ("retention", "留存率"),
    },
    "split": {
        "train": ("training part", "训练部分"),
        "holdout": ("hold-out", "留出集"),
        "stream": ("stream", "流量样本"),
    },
    "operator": {
        "normalize": ("normalize", "规范化"),
        "language": ("find the language", "识别语言"),
        "pii": ("mask personal data", "遮盖个人信息"),
        "dedupe": ("find duplicates", "查找重复"),
    },
    "detail": {
        "duplicate": ("same", "完全相同"),
        "near_duplicate": ("nearly the same", "近似重复"),
        "clusters": ("clusters", "簇"),
        "(unlabelled)": ("without a label", "无标注"),
        "(labelled)": ("labelled", "已标注"),
        "changed": ("changed", "已改动"),
        "empty": ("empty", "变空"),
        "CARD": ("bank card", "银行卡"),
        "EMAIL": ("e-mail", "电子邮件"),
        "ID": ("identity card", "身份证"),
        "IP": ("network address", "网络地址"),
        "PHONE": ("telephone", "电话"),
    },
    "variant": {"baseline": ("baseline", "基线")},
    "basis": {"cash": ("cash", "收付"), "imputed": ("imputed", "估算")},
    "how": {"ran": ("ran", "运行"), "reused": ("reused", "沿用")},
    "form": {"switchback": ("on and off", "开关"), "regions": ("regions", "地区")},
    "test": {
        "planned": ("planned", "待开始"),
        "running": ("running", "进行中"),
        "ended": ("ended", "已结束"),
        "read": ("read", "已读取"),
    },
    "diff": {
        "same": ("the same", "相同"),
        "same file": ("product file: the same", "产品文件：相同"),
        "no file": (
            "product file: not kept in turns of before 0.3",
            "产品文件：0.3 之前的轮次没有保存",
        ),
    },
    "channel": {
        "none": ("no channel", "无渠道"),
    },
    "title": {
        "variants": ("Variants", "版本"),
        "releases": ("Releases", "发布记录"),
        "turns": ("Turns", "各轮"),
        "ledger": ("Ledger", "账本"),
        "facts": ("Facts", "事实"),
        "steps": ("Steps", "步骤"),
        "money": ("Money", "收支"),
        "market": ("Market", "市场"),
        "imports": ("Imported files", "已导入的文件"),
        "presets": ("Known exports", "已知的导出格式"),
        "economics": ("What one more costs and brings", "多一个的成本与收益"),
        "elasticity": ("What moves conversion and retention", "什么影响转化与留存"),
        "break_even": ("An own model beside others' calls", "自有模型与外部调用"),
        "tests": ("Tests of channels", "渠道试验"),
        "mix": ("Marketing mix", "营销组合"),
        "partners": ("Partners", "合作方"),
        "simulated": ("simulated market", "模拟市场"),
        "statement": ("What is left", "还剩多少"),
    },
    "head": {
        "channel": ("channel", "渠道"),
        "rows": ("rows", "行数"),
        "line": ("line", "行号"),
        "day": ("day", "日期"),
        "evidence": ("evidence", "依据"),
        "answers": ("answers", "回答数"),
        "per_request": ("a request costs", "每次请求成本"),
        "right": ("right", "正确率"),
        "per_right": ("a right answer costs", "每个正确回答成本"),
        "figure": ("figure", "数值"),
        "budget": ("budget", "预算"),
        "plan": ("plan", "套餐"),
        "customers": ("customers", "客户数"),
        "due": ("should pay a month", "每月应付"),
        "received": ("received a month", "每月实收"),
        "paid": ("customers who paid", "付款客户数"),
        "margin": ("what one leaves", "每位客户的毛利"),
        "margin_share": ("share of income that is left", "毛利率"),
        "kept": ("still here after a year", "一年后仍在的比例"),
        "came_back": ("bought again", "再次购买的比例"),
        "worth_of_new": ("a new one is worth, in two years", "新客户两年内的价值"),
        "months_since": ("months since the beginning", "开始后的月数"),
        "so_far": ("a new one leaves so far", "新客户累计毛利"),
        "here": ("still here", "仍在"),
        "spend": ("spent", "花费"),
        "won": ("customers won", "新客户数"),
        "cac": ("one costs", "获客成本"),
        "pays_back": ("paid back after, months", "回本（月）"),
        "even_requests": (
            "requests a month from which the own model costs less",
            "每月达到多少请求后自有模型更便宜",
        ),
        "even_now": ("requests a month now", "目前每月请求数"),
        "even_fixed": (
            "the machine, a month, beside what is metered",
            "机器每月成本（已计量的除外）",
        ),
        "even_own": ("a request here", "在这里的一次请求"),
        "even_theirs": ("a call there", "外部的一次调用"),
        "form": ("form", "形式"),
        "lift": ("lift", "提升"),
        "smallest_lift": ("smallest lift", "最小可检出提升"),
        "brought": ("brought", "带来"),
        "roi": ("per unit spent", "每单位花费带来"),
        "marginal": ("next unit brings", "下一单位带来"),
        "amount": ("amount", "金额"),
        "currency": ("currency", "币种"),
        "first": ("first", "最早"),
        "last": ("last", "最晚"),
        "columns": ("columns", "列"),
        "file": ("file", "文件"),
        "imported": ("imported (UTC)", "导入时间（UTC）"),
        "partner": ("partner", "合作方"),
        "visits": ("visits", "访问"),
        "conversions": ("conversions", "转化"),
        "claimed": ("claimed", "自报"),
        "revoked": ("taken back", "撤销"),
        "value": ("value", "金额"),
        "owed": ("owed", "应付"),
        "income": ("income", "收入"),
        "cost": ("cost", "成本"),
        "profit": ("profit", "利润"),
        "imputed": ("declared worth", "声明的价值"),
        "month": ("month", "月份"),
        "customer": ("customer", "客户"),
        "segment": ("segment", "客户群"),
        "total": ("total", "合计"),
        "name": ("name", "名称"),
        "variant": ("variant", "版本"),
        "users": ("users", "用户"),
        "waiting": ("days not over", "天数未满"),
        "bought": ("converted", "有转化"),
        "a_user": ("a user", "每位用户"),
        "difference": ("difference", "差"),
        "missing": ("missing", "尚缺"),
        "state": ("state", "状态"),
        "share": ("share", "份额"),
        "who": ("who", "谁"),
        "why": ("why", "原因"),
        "when": ("when (UTC)", "时间（UTC）"),
        "started": ("started (UTC)", "开始（UTC）"),
        "ended": ("ended", "结束"),
        "turn": ("turn", "轮次"),
        "step": ("step", "步骤"),
        "how": ("how", "方式"),
        "cpu_s": ("CPU s", "CPU 秒"),
        "money": ("money", "金额"),
        "key": ("key", "键"),
        "what": ("what", "项目"),
        "account": ("account", "科目"),
        "lines": ("lines", "条数"),
        "quantity": ("quantity", "数量"),
        "unit": ("unit", "单位"),
        "minutes": ("minutes", "分钟"),
        "because": ("because", "依据"),
        "p95_ms": ("p95 ms", "p95 毫秒"),
        "memory_mb": ("MB", "MB"),
        "cost_per_1000": ("cost/1,000", "每千次成本"),
    },
    "goal": {
        "macro_f1": ("macro-F1", "宏平均 F1"),
        "accuracy": ("accuracy", "准确率"),
        "utility": ("mean utility", "平均效用"),
        "worth": (
            "worth of an answer, as a share of what `money.values` spans",
            "答案价值（占 `money.values` 范围的比例）",
        ),
        "precision": ("precision", "精确率"),
        "recall": ("recall", "召回率"),
        "calibration_error": ("calibration error", "校准误差"),
        "span_f1": ("F1 of spans", "片段 F1"),
        "span_macro_f1": ("macro-F1 of spans", "片段宏平均 F1"),
        "span_precision": ("precision of spans", "片段精确率"),
        "span_recall": ("recall of spans", "片段召回率"),
        "p95_ms": ("p95", "p95 延迟"),
        "memory_mb": ("memory", "内存"),
        "cost_per_1000": ("cost per 1,000 requests", "每千次请求成本"),
    },
}


def learn(kind: str, name: str, words: tuple[str, str]) -> None:
    """Words for a name that a plug-in brings; what has words already keeps them."""
    TERMS[kind].setdefault(name, words)


def term(kind: str, name: str, language: str) -> str:
    """The word for a name; a name that came from a plug-in stands for itself."""
    at = LANGUAGES.index(language)
    words = TERMS[kind].get(name)
    if words is not None:
        return words[at]
    if kind == "account" and name.startswith("cpu."):
        step = term("step", name.removeprefix("cpu."), language)
        return (f"{step}, CPU", f"{step}的 CPU")[at]
    if kind == "account" and name.startswith("invoice."):
        what = name.removeprefix("invoice.")
        return (f"invoices: {what}", f"账单：{what}")[at]
    if kind == "account" and name.startswith("metered."):
        what = name.removeprefix("metered.")
        return (f"{what} lines that an invoice paid for", f"账单已支付的 {what} 计量")[at]
    if kind == "operator" and name.startswith("read "):
        return (name, "读取 " + name.removeprefix("read "))[at]
    return name


def learn_options(plan: Mapping[str, Any]) -> None:
    """The names that options of plug-ins have in a plan, which may outlive the plug-in."""
    for option in plan.get("options", []):
        if option.get("called"):
            learn("option", option["name"], tuple(option["called"]))


def advice(recommended: str | Mapping[str, Any]) -> tuple[str, bool]:
    """(option, whether an experiment with it comes first); plans of before 0.4 held a sentence."""
    if isinstance(recommended, str):
        before, _, option = recommended.rpartition(": ")
        return option, bool(before)
    return str(recommended["option"]), bool(recommended["experiment"])


def recommendation(recommended: str | Mapping[str, Any], language: str) -> str:
    """The plan's answer in words."""
    option, experiment = advice(recommended)
    if not isinstance(recommended, str) and "spend" in recommended:
        return _divided(recommended, language)
    said = term("option", option, language)
    if not experiment:
        return said
    return f"先做试验：{said}" if language == "zh" else f"an experiment first, on {said}"


def _divided(recommended: Mapping[str, Any], language: str) -> str:
    """Money by place, what is free beside it, and what is measured first."""
    at = LANGUAGES.index(language)
    called = recommended.get("called", {})
    currency = recommended["currency"]
    named = {
        n: called[n][at] if n in called else term("option", n, language)
        for n in recommended["spend"]
    }
    spend = recommended["spend"]
    parts = [f"{named[n]} {money:,.0f} {currency}" for n, money in spend.items() if money >= 0]
    parts += [
        called[name][at] if name in called else term("variant", name, language)
        for name in recommended["steps"]
    ]
    less = [f"− {named[n]} {-money:,.0f} {currency}" for n, money in spend.items() if money < 0]
    said = " ".join([*([" + ".join(parts)] if parts else []), *less])
    said = said or term("option", "nothing", language)
    look = recommended.get("look")
    if look is None:
        return said
    return f"先测量：{look[at]}" if language == "zh" else f"measure first: {look[at]}"
