"""When the data cannot be split, the error says what was lost, and a repair that works."""

import pytest
from tests.conftest import reviews, write_jsonl

from steelyard.data.rejects import Rejects
from steelyard.errors import DataError
from steelyard.loop import turn
from steelyard.spec import load

PARCEL = "【快递】您的包裹已到达小区东门驿站，请在今天晚上八点之前凭码领取，逾期将退回寄件人，如有疑问请联系本站客服"
BILL = "您本月的话费账单已经出来了，请尽快登录网上营业厅查询并缴纳，以免影响您的正常使用，感谢您一直以来的支持"
PRIZE = "尊敬的会员您好，恭喜获得周年庆典抽奖资格一次，点击活动页面即可参与，更多好礼等您来拿，回复可以退订本消息"


def data_of(product_file, rows):
    write_jsonl(product_file.parent / "reviews.jsonl", rows)
    return turn(load(product_file), until="data").outputs["data"]


def refused(product_file, rows) -> str:
    with pytest.raises(DataError) as error:
        data_of(product_file, rows)
    return str(error.value)


def change(product_file, old, new):
    text = product_file.read_text(encoding="utf-8")
    assert old in text
    product_file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("texts", [(PARCEL, BILL), (PARCEL, BILL, PRIZE)], ids=["two", "three"])
def test_several_crowds_of_near_duplicates_are_said_with_the_threshold_that_parts_them(
    product_file, texts
):
    rows = [
        {
            "id": str(i),
            "label": "positive" if i % 5 else "negative",
            "text": f"{texts[i % len(texts)]}，编号{1000 + i * 17}",
        }
        for i in range(400)
    ]
    said = refused(product_file, rows)
    assert f"400 of 400 records are in {len(texts)} groups of near-duplicates" in said
    value = said.split("say data.operators: ")[1].split(" (")[0]
    change(product_file, "data:\n", f"data:\n  operators: {value}\n")
    splits = data_of(product_file, rows)["splits"]
    assert all(sum(part.values()) > 20 for part in splits.values())


def test_records_without_a_label_are_counted_and_the_column_asked_for(product_file):
    change(product_file, " label: label,", "")
    said = refused(product_file, reviews(600))
    assert "(600 of 600 have no label)" in said and "say in data.sources.0 which column" in said
    change(product_file, "reader: jsonl,", "reader: jsonl, label: label,")
    assert data_of(product_file, reviews(600))["rejects"]["total"] == 0


def test_an_empty_column_of_labels_is_to_be_filled(product_file):
    rows = [row | {"label": " "} for row in reviews(300)]
    assert refused(product_file, rows).endswith("(300 of 300 have no label); fill in the labels")


def test_files_outside_folders_of_labels_are_said(product_file):
    for i, row in enumerate(reviews(100)):
        (product_file.parent / "all").mkdir(exist_ok=True)
        (product_file.parent / "all" / f"{i}.txt").write_text(row["text"], encoding="utf-8")
    change(
        product_file,
        "{path: reviews.jsonl, reader: jsonl, label: label, id: id}",
        "{path: all, reader: folder}",
    )
    with pytest.raises(DataError, match=r"have no label.*folders named after their labels"):
        turn(load(product_file), until="data")


def test_what_was_rejected_is_to_be_corrected_before_data_are_added(product_file):
    rows = [row | {"text": ""} for row in reviews(300)]
    assert "; correct the records that were rejected" in refused(product_file, rows)


def test_texts_with_two_labels_are_to_get_one(product_file):
    rows = [
        {"id": str(i), "text": "一样", "label": ("positive", "negative")[i % 2]} for i in range(99)
    ]
    assert refused(product_file, rows).endswith("give each text one label")


def test_a_label_near_a_name_of_the_source_means_what_that_name_means():
    rejects = Rejects(("差评", "好评"), {"0": "差评", "1": "好评"})
    assert [rejects.nearest(label) for label in ("0.0", "1.0", "好评 ", "7")] == [
        "差评",
        "好评",
        "好评",
        None,
    ]
