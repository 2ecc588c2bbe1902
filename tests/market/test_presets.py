"""Exports in the form that their systems write them, with values of our own, into the books to the nano."""

from contextlib import closing
from decimal import Decimal

import pytest
from tests.market.books import entries, exported, money

from steelyard.api.market import import_file
from steelyard.cli.commands import app
from steelyard.errors import DataError, UserError
from steelyard.market.presets import PRESETS
from steelyard.store import Store

GOOGLE = """\
Campaign report
"September 1, 2026 - September 2, 2026"
Day,Campaign,Campaign ID,Currency code,Cost,Impr.,Clicks,Conversions
2026-09-01,Search | Brand,20111222333,USD,12.34,"1,234",87,3.00
2026-09-02,Total Injury Law,20111222333,USD,"1,020.50","10,500",688,12.50
2026-09-02,PMax | US,20111222444,USD,0.00,0,0,--
Total: Campaigns,--,--,USD,"1,032.84","11,734",775,15.50
Total: Account,--,--,USD,"1,032.84","11,734",775,15.50
"""
GOOGLE_ZH = "广告系列报告\n2026年9月1日 - 2026年9月2日\n天\t广告系列\t货币代码\t费用\t展示次数\t点击次数\t转化次数\n2026-09-01\t搜索-品牌\tCNY\t88.20\t1,234\t87\t3.00\n总计：广告系列\t--\tCNY\t88.20\t1,234\t87\t3.00\n总计：账号\t--\tCNY\t88.20\t1,234\t87\t3.00\n"
META = """\
Reporting starts,Reporting ends,Campaign name,Results,Result indicator,Amount spent (USD),Impressions,Link clicks
2026-09-01,2026-09-02,,,,"145.60",15300,410
2026-09-01,2026-09-01,US | Prospecting,4,actions:purchase,70.97,7310,201
2026-09-02,2026-09-02,US | Prospecting,3,actions:purchase,74.63,7990,209
"""
META_ZH = "报告开始日期,报告结束日期,广告系列名称,成效,已花费金额 (USD),展示次数,链接点击量\n2026-09-01,2026-09-01,美国-拉新,4,70.97,7310,201\n"
OCEAN = "时间-天,项目ID,项目名称,消耗,展示数,点击数,转化数\n2026-08-21,7412345678901234567,夏季拉新,1532.40,98231,2110,36\n2026-08-22,7412345678901234567,夏季拉新,1601.88,101334,2245,41\n"
BAIDU = """\
数据生成时间：2026-09-03 09:12,,,,,,,,,
数据生成条件：,,,,,,,,,
1. 时间范围：20260901-20260902,,,,,,,,,

日期,推广计划,账户,展现,点击,消费,点击率,平均点击价格,网页转化,商桥转化
2026-09-01,品牌词,demo,1203,88,132.50,7.32%,1.51,3,1
2026-09-02,品牌词,demo,1188,90,140.10,7.58%,1.56,4,0
"""
TENCENT = '日期,账户ID,广告名称,曝光次数,点击次数,花费,目标转化量\n20260901,66250123,朋友圈-视频01,"52,310",810,"1,203.55",22\n'
STRIPE = """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,Converted Currency,Description,Fee,Mode,PaymentIntent ID,Refunded date (UTC),Status,Customer ID,Customer Email
ch_1,2026-09-01 09:12:33,129.00,0.00,usd,true,129.00,0.00,usd,Pro plan,4.04,Live,pi_1,,Paid,cus_A1,ana@example.com
ch_2,2026-09-02 07:05:10,50.00,50.00,eur,true,54.10,54.10,usd,Starter,1.87,Live,pi_2,2026-09-04 10:00:00,Refunded,cus_B2,
,2026-09-02 11:00:00,89.00,0.00,usd,false,,,,Pro plan,,Live,pi_3,,requires_payment_method,cus_C3,
ch_4,2026-09-02 11:00:00,1.00,0.00,usd,true,1.00,0.00,usd,Try,0.03,Test,pi_4,,Paid,cus_C3,
"""
ALIPAY = """\
#支付宝业务明细查询
#账号：[20880000000000000156]
#-----------------------------------------业务明细列表----------------------------------------
支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,对方账户,订单金额（元）,商家实收（元）,退款批次号/请求号,服务费（元）,备注
2026060522001\t,ORDER-1\t,交易\t,月度会员,2026-06-05 16:01:34,2026-06-05 16:01:38,*博(156****89)\t,99.00,99.00,\t,-0.59,
2026060522001\t,ORDER-1\t,退款\t,月度会员,2026-06-05 17:10:00,2026-06-05 17:10:02,*博(156****89)\t,-40.00,-40.00,REFUND-7\t,0.24,
#-----------------------------------------业务明细列表结束------------------------------------
#交易合计：1笔，商家实收共99.00元，商家优惠共0.00元
"""
ALIPAY_ACCOUNT = """\
#支付宝账务明细查询
#账号：[20880000000000000156]
#-----------------------------------------账务明细列表----------------------------------------
账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注
88001\t,2026060522001\t,ORDER-1\t,月度会员\t,2026-06-05 16:01:38,a@example.com\t,99.00,0.00,599.00,支付宝,在线支付,
88002\t,2026060522001\t,ORDER-1\t,服务费\t,2026-06-05 16:01:39,pay@example.com\t,0.00,-0.59,598.41,支付宝,收费,
88003\t,2026060522001\t,ORDER-1\t,月度会员\t,2026-06-06 17:10:02,a@example.com\t,0.00,-40.00,558.41,支付宝,退款,
88004\t,2026060622009\t,\t,\t,2026-06-06 18:00:00,b@example.com\t,0.00,-500.00,58.41,支付宝,提现,
#-----------------------------------------账务明细列表结束-------------------------------------
#支出合计：3笔，共540.59元
#收入合计：1笔，共99.00元
"""
WECHAT = """\
交易时间,公众账号ID,商户号,微信订单号,商户订单号,用户标识,交易状态,货币种类,应结订单金额,微信退款单号,退款金额,商品名称,手续费,费率,订单金额,申请退款金额
`2026-09-24 10:00:00,`wx01,`19001,`4200001,`pay_w1,`oAbc1,`SUCCESS,`CNY,`9.90,`0,`0.00,`月度会员,`0.05940,`0.60%,`9.90,`0.00
`2026-09-24 11:00:00,`wx01,`19001,`4200001,`pay_w1,`oAbc1,`REFUND,`CNY,`0.00,`5000001,`9.90,`月度会员,`-0.05940,`0.60%,`0.00,`9.90
`2026-09-24 12:00:00,`wx01,`19001,`4200002,`pay_w2,`oAbc1,`REVOKED,`CNY,`9.90,`0,`0.00,`月度会员,`0.00000,`0.60%,`9.90,`0.00
总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额
`3,`9.90,`9.90,`0.00,`0.00000,`9.90,`9.90
"""
GA4 = """\
# ----------------------------------------
# Demo - GA4
# Free form-Free form 1
# 20260901-20260902
# ----------------------------------------

Date,Session primary channel group (Default Channel Group),Sessions,Active users,Key events
,,731,602,5,Grand total
20260901,Organic Search,260,221,1
20260901,Direct,110,95,2.5
20260902,Organic Search,254,214,1
"""
UMAMI = """\
website_id,session_id,visit_id,event_id,hostname,browser,os,device,screen,language,country,url_path,url_query,referrer_path,referrer_query,referrer_domain,page_title,event_type,event_name,tag,distinct_id,created_at,job_id
w,s1,v1,e2,www.shop.example,chrome,mac,laptop,1x1,zh-CN,CN,/buy,,/,,shop.example,买,1,,,,2026-08-31 16:02:00,
w,s1,v1,e1,www.shop.example,chrome,mac,laptop,1x1,zh-CN,CN,/,utm_source=newsletter&utm_campaign=%E7%A7%8B%E5%AD%A3,,,mail.example,首页,1,,,,2026-08-31 16:00:00,
w,s1,v1,e3,www.shop.example,chrome,mac,laptop,1x1,zh-CN,CN,/buy,,/,,shop.example,买,2,bought,,,2026-08-31 16:03:00,
w,s2,v2,e4,www.shop.example,firefox,win,desktop,1x1,en,US,/,,,,www.bing.com,Home,1,,,,2026-09-01 09:00:00,
w,s2,v3,e5,www.shop.example,firefox,win,desktop,1x1,en,US,/,,,,www.shop.example,Home,1,,,,2026-09-01 20:00:00,
w,s3,v4,e6,www.shop.example,firefox,win,desktop,1x1,en,US,/,?utm_source=newsletter&utm_campaign=%E7%A7%8B%E5%AD%A3,,,,Home,1,,,,2026-09-01 03:00:00,
"""
LITELLM = '{"request_id": "c-1", "call_type": "acompletion", "spend": 0.00123, "prompt_tokens": 250, "completion_tokens": 60, "startTime": "2026-09-01 10:00:00.123", "model": "gpt-4o-mini", "end_user": "cust-9", "status": "success"}\n'
LANGFUSE = '''\
"id","traceId","type","startTime","model","usageDetails","totalCost","inputUsage","outputUsage","userId"
"obs-1","tr-1","GENERATION","""2026-09-01T10:00:00.000Z""","gpt-4o-mini","{""input"":250}","0.0000735","250","60","u-7"
"obs-2","tr-1","SPAN","""2026-09-01T10:00:02.000Z""","","{}","","0","0","u-7"
'''


@pytest.mark.parametrize(
    ("preset", "text", "codec", "rows", "left", "expected"),
    [
        ("google_ads", GOOGLE, "utf-8", 3, 2, {"ads.spend": "-7436.448"}),
        ("google_ads", GOOGLE_ZH, "utf-16", 1, 2, {"ads.spend": "-88.20"}),
        ("meta_ads", META, "utf-8-sig", 2, 1, {"ads.spend": "-1048.32"}),
        ("meta_ads", META_ZH, "utf-8-sig", 1, 0, {"ads.spend": "-510.984"}),
        ("ocean_engine", OCEAN, "gb18030", 2, 0, {"ads.spend": "-3134.28"}),
        ("baidu_ads", BAIDU, "gb18030", 2, 0, {"ads.spend": "-272.60"}),
        ("tencent_ads", TENCENT, "utf-8-sig", 1, 0, {"ads.spend": "-1203.55"}),
        (
            "stripe_payments",
            STRIPE,
            "utf-8-sig",
            2,
            0,
            {"sale.income": "1318.32", "sale.refund": "-389.52", "sale.fee": "-42.552"},
        ),
        (
            "alipay_trade",
            ALIPAY,
            "gb18030",
            2,
            0,
            {"sale.income": "99", "sale.refund": "-40", "sale.fee": "-0.35"},
        ),
        (
            "alipay_account",
            ALIPAY_ACCOUNT,
            "gb18030",
            3,
            0,
            {"sale.income": "99", "sale.refund": "-40", "sale.fee": "-0.59"},
        ),
        ("wechat_pay", WECHAT, "utf-8-sig", 2, 2, {"sale.income": "9.90", "sale.refund": "-9.90"}),
        ("ga4", GA4, "utf-8", 3, 1, {}),
        ("umami", UMAMI, "utf-8", 3, 0, {}),
        ("litellm", LITELLM, "utf-8", 1, 0, {"api.calls": "-0.008856"}),
        ("langfuse", LANGFUSE, "utf-8", 1, 0, {"api.calls": "-0.0005292"}),
    ],
)
def test_an_export_is_known_by_its_header_and_booked_to_the_nano(
    shop,
    preset,
    text,
    codec,
    rows,
    left,
    expected,
):
    path = shop.folder / "export.csv"
    path.write_bytes(text.encode(codec))
    # the shop has a mapping of its own that fits this one too
    facts = import_file(shop, path, preset=preset if preset == "baidu_ads" else None)
    assert (facts["mapping"], facts["rows"], facts["totals"]) == (preset, rows, left)
    assert money(shop) == {account: Decimal(amount) for account, amount in expected.items()}
    assert import_file(shop, path, preset=preset)["booked"]["new"] == 0


def test_every_preset_maps_fields_of_its_kind_and_no_two_read_one_file():
    for name, one in PRESETS.items():
        assert one.name == name
        assert set(one.columns) | set(one.says) <= set(one.kind.fields)
        assert not one.lacks(list(one.columns))


def test_a_refund_of_its_own_is_booked_with_the_payment_it_belongs_to(shop):
    import_file(shop, exported(shop, WECHAT))
    with closing(Store.open(shop)) as store:
        payment, refund = sorted(store.events.of_kind("sales"), key=lambda e: -e["nano"])
    assert payment["body"]["id"] == refund["body"]["order"] == "4200001"
    assert refund["body"]["id"] == "4200001 5000001" and refund["nano"] == 0
    assert payment["customer"] == refund["customer"]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        (("-0.59,598.41", "0.59,598.41"), None),  # with or without its sign
        (("99.00,0.00", "99.00,-1.00"), "支出金额"),
        (("0.00,-0.59", "0.59,0.00"), "收入金额"),
        (("0.00,-40.00", "40.00,0.00"), "收入金额"),
    ],
)
def test_a_row_of_an_account_goes_the_way_that_its_kind_goes(shop, cells, column):
    text = ALIPAY_ACCOUNT.replace(*cells)
    assert text != ALIPAY_ACCOUNT
    if column is None:
        import_file(shop, exported(shop, text))
        assert money(shop)["sale.fee"] == Decimal("-0.59")
        return
    with pytest.raises(DataError, match=rf"{column}.* expected nothing in this column"):
        import_file(shop, exported(shop, text))
    assert entries(shop) == []


def test_a_fee_by_itself_is_nobodys_purchase_and_no_sale_of_nothing(shop):
    facts = import_file(shop, exported(shop, ALIPAY_ACCOUNT))
    assert facts["unpaid"] == 1  # money taken out of the account
    with closing(Store.open(shop)) as store:
        events = {event["body"]["id"]: event for event in store.events.of_kind("sales")}
        sums = store.events.sums(by=("kind",), came=True)
    assert (events["88002"]["nano"], events["88002"]["customer"]) == (0, None)
    assert events["88001"]["customer"] == events["88003"]["customer"] is not None
    assert [(row["kind"], row["rows"]) for row in sums] == [("sales", 1)]


def test_small_costs_are_read_as_programs_write_them(shop):
    text = LITELLM.replace("0.00123", "1.05e-05")
    import_file(shop, exported(shop, text), preset="litellm")
    assert money(shop) == {"api.calls": Decimal("-0.0000756")}
    text = LANGFUSE.replace("0.0000735", "9.5e-06").replace("obs-1", "obs-9")
    import_file(shop, exported(shop, text, "b.csv"), preset="langfuse")
    assert money(shop) == {"api.calls": Decimal("-0.000144")}


def test_an_id_that_looks_like_a_power_of_ten_is_a_word(shop):
    text = "day,id,amount\n2026-01-05,1E+05,9.90\n2026-01-06,100000,1.00\n2026-01-07,1e-05,2.00\n"
    assert import_file(shop, exported(shop, text), preset="plain_sales")["booked"]["new"] == 3


@pytest.mark.parametrize("first", [True, False])
def test_more_is_never_given_back_than_was_paid_in_this_file_or_an_earlier_one(shop, first):
    header, payment, refund = WECHAT.splitlines(keepends=True)[:3]
    more = refund.replace("`9.90\n", "`9.95\n").replace("`9.90,`月", "`9.95,`月")
    if first:
        import_file(shop, exported(shop, header + payment))
        payment = ""
    with pytest.raises(
        DataError, match=r"expected at most what was paid, 9.90 CNY, found 9.95 CNY"
    ):
        import_file(shop, exported(shop, header + payment + more))
    # of a payment that is not known the refund stands alone
    alone = more.replace("4200001", "4209999")
    assert import_file(shop, exported(shop, header + alone))["booked"]["new"] == 1


def test_a_system_that_keeps_several_currencies_must_say_which(shop):
    text = GOOGLE.replace("Currency code,", "Device,").replace(",USD,", ",Mobile,")
    with pytest.raises(
        DataError, match=r"expected a column that says the currency.*--say currency=CNY"
    ):
        import_file(shop, exported(shop, text))
    assert import_file(shop, exported(shop, text), says={"currency": "USD"})["booked"]["new"] == 3
    assert money(shop) == {"ads.spend": Decimal("-7436.448")}
    with pytest.raises(UserError, match="did you mean 'currency'"):
        import_file(shop, exported(shop, text), preset="google_ads", says={"curency": "USD"})


def test_a_row_of_several_days_is_refused(shop):
    text = META.replace("2026-09-01,2026-09-01", "2026-09-01,2026-09-07")
    with pytest.raises(DataError, match=r"export.csv:3 Day: expected rows of one day each"):
        import_file(shop, exported(shop, text))
    assert entries(shop) == []


def test_days_and_counts_of_an_analytics_export_are_facts_without_money(shop):
    import_file(shop, exported(shop, GA4))
    with closing(Store.open(shop)) as store:
        rows = store.events.of_kind("visits")
    assert [(r["day"], r["channel"], r["body"]["visits"], r["body"]["conversions"]) for r in rows][
        1:
    ] and {
        (r["day"], r["channel"], r["body"]["visits"], r["body"]["conversions"]) for r in rows
    } == {
        ("2026-09-01", "Organic Search", "260", "1"),
        ("2026-09-01", "Direct", "110", "2.5"),
        ("2026-09-02", "Organic Search", "254", "1"),
    }


def visits(shop):
    with closing(Store.open(shop)) as store:
        rows = store.events.of_kind("visits")
    return {(r["day"], r["channel"], r["body"].get("campaign"), r["body"]["visits"]) for r in rows}


def test_single_events_are_visits_of_what_led_to_the_first_of_them(shop):
    import_file(shop, exported(shop, UMAMI))  # its times are UTC, the books are kept in Shanghai
    assert visits(shop) == {
        ("2026-09-01", "newsletter", "秋季", "2"),
        ("2026-09-01", "bing.com", None, "1"),
        ("2026-09-02", "direct", None, "1"),
    }


def test_events_in_another_order_are_the_same_visits(shop):
    head, *rows = UMAMI.splitlines(keepends=True)
    import_file(shop, exported(shop, UMAMI))
    again = import_file(shop, exported(shop, head + "".join(reversed(rows))))
    assert (again["booked"]["new"], again["booked"]["known"]) == (0, 3)


def test_a_day_that_was_not_over_is_told_and_can_be_corrected(shop):
    import_file(shop, exported(shop, UMAMI))
    later = UMAMI + UMAMI.splitlines(keepends=True)[-1].replace(",v4,", ",v9,")
    with pytest.raises(DataError, match=r"export.csv:3: .*visits 2, found visits 3; say --correct"):
        import_file(shop, exported(shop, later))
    import_file(shop, exported(shop, later), correct=True)
    assert ("2026-09-01", "newsletter", "秋季", "3") in visits(shop)


def test_an_event_of_no_visit_is_named(shop):
    text = UMAMI.replace("s2,v3,", "s2,,")
    with pytest.raises(DataError, match=r"export.csv:6 visit_id: expected the visit of the event"):
        import_file(shop, exported(shop, text))


def test_events_without_what_led_to_them_are_refused_and_not_called_direct(shop):
    text = UMAMI.replace("referrer_domain", "ref").replace("url_query", "query")
    with pytest.raises(DataError, match=r"referrer_domain"):
        import_file(shop, exported(shop, text), preset="umami")


def test_the_command_takes_what_holds_for_every_row(shop):
    from typer.testing import CliRunner

    text = GOOGLE.replace("Currency code,", "Device,").replace(",USD,", ",Mobile,")
    path = exported(shop, text)
    command = ["market", "import", str(path), str(shop.path)]
    done = CliRunner().invoke(app, [*command, "--say", "currency=USD", "--say", "channel=sem"])
    assert done.exit_code == 0 and "sem" in done.output and "columns of google_ads" in done.output
    assert CliRunner().invoke(app, [*command, "--say", "currency"]).exit_code != 0
