"""Personal data are masked whatever stands beside them, and other numbers stay."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tasks.plants import KINDS, look_alike, may_touch, plant, score, touching

from steelyard.data.normalize import Normalize
from steelyard.data.operators import Row
from steelyard.data.pii import Pii
from steelyard.tasks import open_task
from steelyard.tasks.cleaning import clean, normalize
from steelyard.tasks.masking import mask, spans

TASK = open_task("text_classification", {"labels": ("neg", "pos")})
PLANTS = 400  # of each kind; bench/privacy.py plants 5,000


def test_planted_personal_data_are_found_between_neighbours_of_every_script():
    r = random.Random(7)
    texts = [plant(r, kind) for kind in KINDS for _ in range(PLANTS)]
    figures = score(texts + [look_alike(r) for _ in range(len(KINDS) * PLANTS)])
    for kind in KINDS:
        assert figures[kind]["planted"] >= PLANTS
        assert figures[kind]["recall"] >= 0.98 and figures[kind]["precision"] >= 0.98, kind


PAIRS = [(a, b) for a in KINDS for b in KINDS if may_touch(a, b)]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_personal_data_that_touch_are_both_found_also_in_groups(first, second):
    r = random.Random(f"{first} {second}")
    figures = score([touching(r, first, second) for _ in range(PLANTS)])
    assert figures[first]["recall"] >= 0.98 and figures[second]["recall"] >= 0.98


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("2024-01-01 13812345678", "2024-01-01 [PHONE]"),
        ("305 13812345678", "305 [PHONE]"),
        ("305 138 1234 5678 305", "305 [PHONE] 305"),
        ("1.13812345678 2.13912345678", "1.[PHONE] 2.[PHONE]"),
        ("1 6222021234567894", "1 [CARD]"),
        ("1 6222 0212 3456 7894 12", "1 [CARD] 12"),
        ("110105194912310021 13812345678", "110105194912310021 [PHONE]"),  # no check digit of an id
        ("6222021234567895 13812345678", "6222021234567895 [PHONE]"),  # nor of a card
        ("6222 0212 3456 7894 138 1234 5678", "[CARD] [PHONE]"),
    ],
)
def test_a_number_in_front_hides_nothing(text, masked):
    assert mask(text)[0] == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("li.lei@163.com13987654321", "[EMAIL][PHONE]"),
        ("13987654321li.lei@163.com", "[EMAIL]"),
        ("138 1234 5678li.lei@163.com", "[PHONE][EMAIL]"),
        ("li@163.comhan@qq.com", "[EMAIL][EMAIL]"),
        ("11010519491231002X13912345678", "[ID][PHONE]"),
        ("1391234567811010519491231002x", "[PHONE][ID]"),
        ("1391234567813812345678", "[PHONE][PHONE]"),
        ("13912345678622202123456789413812345678", "[PHONE][CARD][PHONE]"),
        ("wx13812345678", "wx[PHONE]"),
        ("13812345678QQ:123456", "[PHONE]QQ:123456"),
        ("13812345678x", "[PHONE]x"),
        ("008613912345678", "[PHONE]"),
        ("+8613912345678", "[PHONE]"),
        ("013912345678", "[PHONE]"),
        ("13812345678.192.168.1.1", "[PHONE].[IP]"),
        ("服务器192.168.1.1挂了", "服务器[IP]挂了"),
        ("see.192.168.1.1.", "see.[IP]."),
        ("server192.168.1.1 dev", "server[IP] dev"),
        ("driver 10.1.2.3，host/10.1.2.4:80", "driver [IP]，host/[IP]:80"),
        ("a_13812345678_b", "a_[PHONE]_b"),
        ("①13812345678٣", "①[PHONE]٣"),
    ],
)
def test_letters_and_other_personal_data_hide_nothing(text, masked):
    assert mask(text)[0] == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+86(138)12345678", "[PHONE]"),
        ("86（138）1234-5678", "[PHONE]"),
        ("0086 (138) 1234 5678", "[PHONE]"),
        ("305(138)12345678", "305[PHONE]"),
        ("订单3（138）12345678", "订单3[PHONE]"),
        ("5(138)1234-5678", "5[PHONE]"),
        ("(138)12345678(139)12345678", "[PHONE][PHONE]"),
        ("192.168.1.1(138)12345678", "[IP][PHONE]"),
        ("1.138.1234.5678", "1.[PHONE]"),
        ("01.138.1234.5678", "01.[PHONE]"),
        ("+86.138.1234.5678", "[PHONE]"),
    ],
)
def test_digits_before_a_bracket_and_a_number_of_a_list_hide_nothing(text, masked):
    assert mask(text)[0] == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("身份证110105198003070004.3楼", "身份证[ID].3楼"),
        ("身份证110105198003070004.12号", "身份证[ID].12号"),
        ("110105 19800307 0004.50", "[ID].50"),
        ("卡号6222021234567894.3楼", "卡号[CARD].3楼"),
        ("卡号6222 0212 3456 7894.3楼", "卡号[CARD].3楼"),
        ("6222021234567894.50元", "[CARD].50元"),
        ("联系13812345678.3楼", "联系[PHONE].3楼"),
        ("联系13812345678.12号", "联系[PHONE].12号"),
        ("联系13812345678.10:30到", "联系[PHONE].10:30到"),
        ("138 1234 5678.2024-01-01", "[PHONE].2024-01-01"),
        ("138-1234-5678.2024年", "[PHONE].2024年"),
        ("138.1234.5678.3楼", "[PHONE].3楼"),
        ("(138)12345678.3楼", "[PHONE].3楼"),
        ("+8613812345678.50", "[PHONE].50"),
        ("房间305.110105198003070004", "房间305.[ID]"),
        ("010-62345678.138-1234-5678", "010-62345678.[PHONE]"),
        ("2024-01-01.13812345678", "2024-01-01.[PHONE]"),
    ],
)
def test_a_full_stop_and_the_next_clause_hide_nothing(text, masked):
    assert mask(text)[0] == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("132-3438-9274184-2574-0796", "[PHONE][PHONE]"),
        ("4597284097196746153-6878-2715", "[CARD][PHONE]"),
        ("168—5672—8462.19473247275", "[PHONE].[PHONE]"),
        ("138 1234 567811010519491231002X13912345678", "[PHONE][ID][PHONE]"),
        ("110105 19491231 002X138-1234-5678", "[ID][PHONE]"),
        ("192.168.1.1.13812345678", "[IP].[PHONE]"),
        ("192.168.1.1.110105198003070004", "[IP].[ID]"),
        ("192.168.1.1.6222021234567894", "[IP].[CARD]"),
        ("192.168.1.1.10.0.0.1", "[IP].[IP]"),
        ("192.168.1.113812345678", "[IP][PHONE]"),
        ("13812345678192.168.1.1", "[PHONE][IP]"),
        ("13812345678.86 138 1234 5678", "[PHONE].[PHONE]"),
    ],
)
def test_groups_that_run_into_each_other_hide_nothing(text, masked):
    assert mask(text)[0] == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("联系josé@example.com", "联系[EMAIL]"),
        ("zoë@x.io", "[EMAIL]"),
        ("jose\u0301@mu\u0308ller.de", "[EMAIL]"),
        ("José.García@example.com", "[EMAIL]"),
        ("o'brien@x.com，o’brien@x.com", "[EMAIL]，[EMAIL]"),
        ("info@müller.de", "[EMAIL]"),
        ("иван@почта.рф", "[EMAIL]"),
        ("info@παράδειγμα.ελ", "[EMAIL]"),
        ("संपर्क@डाटामेल.भारत", "[EMAIL]"),
        ("info@お名前.com", "[EMAIL]"),
        ("li@例子123.中国", "[EMAIL]"),
        ("li@xn--fiqs8s.xn--fiqs8s", "[EMAIL]"),
        *[
            (f"li@例子.{of}很好", "[EMAIL]很好")
            for of in ("中国", "在线", "商城", "集团", "网址", "组织机构", "嘉里大酒店")
        ],
        ("li@삼성.한국입니다", "[EMAIL]입니다"),
        ("联系li@x.com", "联系[EMAIL]"),
        ("邮箱是zhang.san@163.com的", "邮箱是[EMAIL]的"),
        ("メールはli@x.comです、메일은li@x.com", "メールは[EMAIL]です、메일은[EMAIL]"),
        ("①li@x.com 'li@x.com' ‘li@x.com’", "①[EMAIL] '[EMAIL]' ‘[EMAIL]’"),
        ("li@x.co.ukhan-li@x.cn", "[EMAIL][EMAIL]"),
        ("138 1234 5678josé@x.com", "[PHONE][EMAIL]"),
    ],
)
def test_addresses_in_any_letters_are_found_and_the_words_around_them_stay(text, masked):
    assert mask(text)[0] == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("li.lei＠163.com", "[EMAIL]"),
        ("li.lei@163．com", "[EMAIL]"),
        ("138－1234－5678", "[PHONE]"),
        ("138—1234—5678", "[PHONE]"),
        ("１３８　１２３４　５６７８", "[PHONE]"),
        ("＋86 138\u00a01234\u20115678", "[PHONE]"),
        ("138.1234.5678", "[PHONE]"),
        ("138/1234/5678、138·1234·5678、a_138_1234_5678_b", "[PHONE]、[PHONE]、a_[PHONE]_b"),
        ("(138)12345678，（138）1234－5678 (138) 1234 5678", "[PHONE]，[PHONE] [PHONE]"),
        ("写给li@例子.中国吧，li@邮箱.example.com。", "写给[EMAIL]吧，[EMAIL]。"),
        ("li@x.cn谢谢.OK", "[EMAIL]谢谢.OK"),
        ("138 12345678，1381234-5678，1381-2345-678", "[PHONE]，[PHONE]，[PHONE]"),
        ("110105 19491231 002X", "[ID]"),
        ("3782-822463-10005", "[CARD]"),
    ],
)
def test_full_width_forms_and_usual_groups_hide_nothing(text, masked):
    assert mask(text)[0] == masked


@pytest.mark.parametrize(
    "text",
    [
        "订单SF1381234567812",
        "单号13812345678123",
        "运单773812345678901",
        "20240101123045",
        "2024010112345678",
        "ISBN 978-7-111-12345-6",
        "9787111123456",
        "条码6901234567892",
        "4006381333931",
        "036000291452",
        "2024-01-01 2024-01-02",
        "2024.01.01",
        "价格12345678901元",
        "13812345678.50元",
        "13812345678.50",
        "13812345678.5元",
        "￥13812345678.5",
        "13812345678.50，谢谢",
        "￥1,381,234,567.00",
        "v1.2.3.4",
        "版本1.2.3.4",
        "Version 10.0.0.1",
        "Chrome/120.0.0.0",
        "1.2.3.4-beta",
        "1.2.3.4.5",
        "1.2.3.41.2.3.4",
        "1.3.6.1.4.1.311.21.8",
        "v1.2.3.4.13812345678",
        "999.1.1.1",
        "0.13812345678",
        "3.14159265358",
        "123.13812345678",
        "1700000000000",
        "1500 2000 300",
        "6222021234567895",
        "1111111111111111",
        "pip@24.0",
        "@li.lei",
        "回复a@张三.李四",
        "138/1234.5678",
        "(138)1234567",
        "1(138)1234567",
        "订单(2024)12345678",
        "305.138.1234.5678",
        "3.1415 9265 3589 7932",
        "a@例子.很好",
        "1138/1234/5678",
        "a@b",
        "1920x1080",
        "010-62345678",
    ],
)
def test_what_only_looks_like_personal_data_stays(text):
    assert mask(text) == (text, {})


def test_kinds_are_counted():
    text = "13812345678，13912345678，a@b.cn，192.168.1.1"
    assert mask(text)[1] == {"PHONE": 2, "EMAIL": 1, "IP": 1}


SHREDS = st.sampled_from(
    [
        "13812345678",
        "138 1234 5678",
        "6222021234567894",
        "11010519491231002X",
        "li@163.com",
        "@163.com",
        "1.2.3.4",
        "86",
        "0086",
        "+",
        "v",
        ".",
        "-",
        " ",
        "－",
        "＠",
        "0.",
        "x",
        "X",
        "电",
        "٣",
        "\u200b",
        "\u0301",
        "\u0344",
        "１３",
        "[PHONE]",
        "\ud800",
        "(",
        ")",
        "（138）",
        "/",
        "·",
        "_",
        "'",
        "é",
        "ж",
        "192.168.1.1",
        "138-1234-5678",
        ".50",
        "元",
        "￥",
        "2574",
        "3.",
        "例子.在线",
        "的",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(SHREDS, st.characters()), max_size=30).map("".join))


@settings(deadline=None)
@given(TEXTS)
def test_masking_again_masks_nothing_more(text):
    once, _ = mask(text)
    assert mask(once) == (once, {})


@settings(deadline=None)
@given(TEXTS)
def test_a_cleaned_text_is_clean(text):
    assert clean(clean(text)) == clean(text)
    assert normalize(normalize(text)) == normalize(text)


@settings(deadline=None)
@given(TEXTS)
def test_what_is_found_is_in_order_apart_and_nothing_else_is_changed(text):
    found, left, at = spans(text), "", 0
    for span in found:
        assert at <= span.start < span.end <= len(text)
        left += text[at : span.start] + f"[{span.kind}]"
        at = span.end
    assert mask(text)[0] == left + text[at:]


@settings(deadline=None)
@given(TEXTS)
def test_a_request_and_a_record_are_read_alike_or_refused_alike(text):
    try:
        rows = [Row("1", TASK.parse(text), "pos", "s")]
    except ValueError:
        with pytest.raises(ValueError, match="expected"):
            TASK.decode(text)
        return
    for operator in (Normalize, Pii):
        rows, _ = operator(None).apply(rows)
    if rows:
        assert TASK.decode(text) == rows[0].content
    else:
        with pytest.raises(ValueError, match="invisible"):
            TASK.decode(text)


@pytest.mark.parametrize(
    "shred",
    [
        "1",
        "13812345678",
        "@",
        "a.a.a.a@",
        "a.",
        "@a.",
        "1 ",
        "1--",
        "1.",
        "4111111111111111",
        "11010519491231002X",
        "13131313131313131 ",
        "1234 ",
        "1.2.3.4.",
        "a",
        "\u0344\u200b",
        "ａ@",
        "1.2.3.4",
        "1/",
        "(138)12345678",
        "138-1234-567813",
        "138 1234 5678",
        "é@",
        "的@例.",
        "é.",
        "@例.",
    ],
)
def test_the_work_grows_with_the_text_and_no_faster(shred):
    """Four times the text takes about four times as long: sixteen would be quadratic."""
    short = shred * (20_000 // len(shred))
    assert _work(short * 4) < 9 * max(_work(short), 1e-3)


def _work(text: str) -> float:
    """The least CPU time of a few tries: another process can only add to it."""
    least = float("inf")
    for _ in range(3):
        before = time.thread_time()
        clean(text)
        least = min(least, time.thread_time() - before)
    return least
