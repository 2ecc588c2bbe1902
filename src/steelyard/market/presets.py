"""Exports that people have: which of their columns is which field. Knows no file.

Headers are those that the systems write, in English and Chinese; what an export does not say (its channel,
where that has a name of your own, or a currency) a product file or the command says.
Example: `PRESETS["stripe_payments"].kind.name == "sales"`
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import replace

from steelyard.market.kinds import KINDS
from steelyard.market.mapping import Mapping

_CHINA = {"currency": "CNY"}


def _of(name: str, kind: str, says: Dict[str, str] | None = None, **columns: str) -> Mapping:
    """Headers of a field are parted by ` | `."""
    headers = {field: tuple(said.split(" | ")) for field, said in columns.items()}
    return Mapping(KINDS[kind], headers, says or {}, name=name)


# Tables that people write themselves: columns named as the fields are.
_PLAIN = [
    Mapping(kind, {field: (field,) for field in kind.fields}, name=f"plain_{kind.name}")
    for kind in KINDS.values()
]
_ADS = [
    replace(
        _of(
            "google_ads",
            "spend",
            {"channel": "google"},
            day="Day | 天 | 日期",
            campaign="Campaign | 广告系列",
            part="Ad group | 广告组",
            amount="Cost | 费用",
            currency="Currency code | 货币代码",
            impressions="Impr. | Impressions | 展示次数",
            clicks="Clicks | 点击次数",
        ),
        tells=False,
    ),
    replace(
        _of(
            "meta_ads",
            "spend",
            {"channel": "meta"},
            day="Day | 单日 | Reporting starts | 报告开始日期",
            until="Day | 单日 | Reporting ends | 报告结束日期",
            campaign="Campaign name | 广告系列名称",
            part="Ad set name | 广告组名称 | Ad name | 广告名称",
            amount="Amount spent ({currency}) | 已花费金额 ({currency}) | 花费金额 ({currency}) | Amount spent",
            currency="Currency | 货币",
            impressions="Impressions | 展示次数",
            clicks="Link clicks | 链接点击量 | Clicks (all) | 点击量(全部)",
        ),
        names=("campaign",),
        tells=False,
    ),
    _of(
        "ocean_engine",
        "spend",
        {"channel": "ocean_engine", **_CHINA},
        day="时间-天",
        campaign="项目名称 | 单元名称 | 广告计划 | 账户名称",
        part="单元名称 | 素材名称",
        amount="消耗 | 总花费(元)",
        impressions="展示数 | 展现数",
        clicks="点击数",
    ),
    _of(
        "baidu_ads",
        "spend",
        {"channel": "baidu", **_CHINA},
        day="日期",
        campaign="推广计划 | 计划",
        part="推广单元 | 单元 | 搜索词 | 小时",
        amount="消费 | 消费(元)",
        impressions="展现 | 展现量",
        clicks="点击 | 点击量",
    ),
    _of(
        "tencent_ads",
        "spend",
        {"channel": "tencent", **_CHINA},
        day="日期 | 时间",
        campaign="推广计划 | 计划名称 | 推广计划名称 | 广告名称 | 广告",
        part="广告创意 | 创意名称",
        amount="花费 | 花费(元)",
        impressions="曝光次数 | 曝光量",
        clicks="点击次数 | 点击量",
    ),
]
_PAYMENTS = [
    replace(
        _of(
            "stripe_payments",
            "sales",
            day="Created date (UTC) | Created (UTC)",
            id="id",
            customer="Customer ID | Customer Email",
            amount="Converted Amount | Amount",
            refund="Converted Amount Refunded | Amount Refunded",
            currency="Converted Currency | Currency",
            fee="Fee",
            plan="Description",
            status="Status",
        ),
        paid=("Paid", "Refunded", "Partially Refunded", "succeeded"),
        only={"Mode": ("Live", "")},
        zone="UTC",
        decimal=".",
    ),
    replace(
        _of(
            "alipay_trade",
            "sales",
            _CHINA,
            day="完成时间 | 创建时间",
            id="支付宝交易号",
            refund_id="退款批次号/请求号",
            customer="对方账户",
            amount="订单金额(元)",
            fee="服务费(元)",
            plan="商品名称",
            status="业务类型",
        ),
        paid=("交易",),
        returned=("退款",),
        fees=-1,
        zone="Asia/Shanghai",
        decimal=".",
    ),
    replace(
        _of(
            "alipay_account",
            "sales",
            _CHINA,
            day="发生时间",
            id="账务流水号",
            customer="对方账号",
            amount="收入金额(+元)",
            refund="支出金额(-元)",
            plan="商品名称",
            status="业务类型",
        ),
        paid=("在线支付", "交易付款"),
        returned=("退款", "交易退款"),
        charged=("收费", "服务费"),
        zone="Asia/Shanghai",
        decimal=".",
    ),
    replace(
        _of(
            "wechat_pay",
            "sales",
            day="交易时间",
            id="微信订单号",
            refund_id="微信退款单号",
            customer="用户标识",
            amount="订单金额 | 应结订单金额 | 总金额",
            refund="申请退款金额 | 退款金额",
            fee="手续费",
            currency="货币种类",
            plan="商品名称",
            status="交易状态",
        ),
        paid=("SUCCESS",),
        returned=("REFUND",),
        zone="Asia/Shanghai",
        decimal=".",
    ),
]
_USE = [
    _of(
        "ga4",
        "visits",
        day="Date | 日期",
        channel="Session primary channel group (Default Channel Group) | Session default channel group | Session source / medium | Session source | 带来会话的默认渠道组 | 会话来源",
        campaign="Session campaign | 会话广告系列",
        visits="Sessions | 会话数",
        conversions="Key events | Conversions | 关键事件数",
    ),
    replace(
        _of(
            "umami",
            "visits",
            day="created_at",
            channel="referrer_domain",
            campaign="url_query",
            visits="visit_id",
        ),
        events=True,
        zone="UTC",
    ),
    replace(
        _of(
            "litellm",
            "api_usage",
            {"currency": "USD"},
            day="startTime",
            id="request_id",
            model="model",
            amount="spend",
            input_tokens="prompt_tokens",
            output_tokens="completion_tokens",
            customer="end_user",
        ),
        zone="UTC",
        decimal=".",
    ),
    replace(
        _of(
            "langfuse",
            "api_usage",
            {"currency": "USD"},
            day="startTime",
            id="id",
            model="model",
            amount="totalCost | calculatedTotalCost",
            input_tokens="inputUsage | promptTokens | usage.input",
            output_tokens="outputUsage | completionTokens | usage.output",
            customer="userId",
        ),
        only={"type": ("GENERATION", "EMBEDDING")},
        zone="UTC",
        decimal=".",
    ),
]
PRESETS: Dict[str, Mapping] = {one.name: one for one in (*_ADS, *_PAYMENTS, *_USE, *_PLAIN)}
