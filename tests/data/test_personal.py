"""Personal data are masked in records and in requests alike, or kept in both."""

import pytest
from tests.release.common import edit

from steelyard.data.operators import operators_of
from steelyard.data.sources import check_sources
from steelyard.errors import SpecError
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.tasks import task_of

SAID = "请打 １３８ 1234 5678，谢谢"
LABELS = "labels: [negative, positive]"


@pytest.mark.parametrize(("option", "kept"), [("", False), (", personal: keep", True)])
def test_what_a_request_says_is_read_as_its_records_were(product_file, option, kept):
    edit(product_file, (LABELS, LABELS + option))
    task = task_of(load(product_file))
    assert ("138 1234 5678" in task.decode(SAID)) == kept
    assert ("pii" in [kind.name for kind in operators_of(load(product_file), task)]) == (not kept)


@pytest.mark.parametrize(
    ("option", "operators", "said"),
    [
        ("", "[normalize, dedupe]", "expected 'pii', since what users send goes through it"),
        (", personal: keep", "[normalize, pii]", "expected no 'pii'"),
        ("", "[pii]", "expected 'normalize'"),
    ],
)
def test_operators_that_only_one_side_goes_through_are_refused(
    product_file, option, operators, said
):
    edit(product_file, (LABELS, LABELS + option), ("data:\n", f"data:\n  operators: {operators}\n"))
    file = load(product_file)
    with pytest.raises(SpecError, match=said):
        check_sources(file, task_of(file))


def test_a_product_that_keeps_them_learns_from_them(product_file):
    edit(product_file, (LABELS, LABELS + ", personal: keep"))
    lines = (product_file.parent / "reviews.jsonl").read_text(encoding="utf-8")
    (product_file.parent / "reviews.jsonl").write_text(
        lines.replace("客服", "客服 13812345678"), encoding="utf-8"
    )
    done = turn(load(product_file), until="data")
    assert [c["operator"] for c in done.outputs["data"]["counts"]][1:] == [
        "normalize",
        "language",
        "dedupe",
    ]
