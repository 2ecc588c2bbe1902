"""Ids that hold personal data are kept as names that show none; all other ids stay as they are."""

import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import reviews, write_jsonl

from steelyard.data.ids import LENGTH, all_nameless, nameless
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.store import Store
from steelyard.store.records import Known, digest_of, known_records

PERSONAL = [
    "13912345678",
    "+86 139 1234 5678",
    "user-13912345678",
    "李雷13912345678",
    "li.lei@163.com",
    "uid:li.lei@163.com",
    "11010519491231002X",
    "13912345678.txt",
    "pos/13912345678.txt",
]
PLAIN = [
    "1",
    "r00007",
    "2024-01-01-0001",
    "978-7-115-42802-8",
    "1790000000000028672",
    "1700000000000",
    "评论17",
    "6222020000000000000",
    "10.2.0.1",
    "a@b",
    "3f2b13912345678c",
    "1391234567",
    "139123456789",
    "order 20240101120000",
]


@pytest.mark.parametrize("identity", PERSONAL)
def test_an_id_with_personal_data_becomes_a_hash_that_shows_none(identity):
    name = nameless(identity)
    assert name.startswith("id-") and len(name) == 3 + LENGTH and not any(c.isdigit() for c in name)
    assert name == nameless(identity) == nameless(name)
    assert len({nameless(other) for other in PERSONAL}) == len(PERSONAL)


@pytest.mark.parametrize("identity", PLAIN)
def test_an_id_without_personal_data_stays(identity):
    assert nameless(identity) == identity


def test_the_hashes_and_numbers_that_programs_give_stay():
    rng = random.Random(0)
    ids = [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(2000)]
    ids += [digest_of(str(i))[:size] for i in range(500) for size in (16, 24, 32)]
    ids += [str(1_790_000_000_000_000_000 + i * 4096) for i in range(500)]
    assert [nameless(identity) for identity in ids] == ids


@given(st.text(max_size=30))
def test_a_name_of_any_id_is_its_own_name(identity):
    assert nameless(nameless(identity)) == nameless(identity)


def test_records_of_before_are_named_as_they_are_now():
    def known(identity, source="a.csv"):
        return Known(identity, "k", "d1" * 16, "train", None, source)

    phone = "13912345678"
    records = [known(phone), known(f"a.csv/{phone}"), known("a.csv/7"), known("7"), known("d1" * 8)]
    assert [r.id for r in all_nameless(records)] == [
        nameless(phone),
        f"a.csv/{nameless(phone)}",
        "a.csv/7",
        "7",
        "d1" * 8,
    ]


def records_of(product_file):
    file = load(product_file)
    tag = turn(file, until="data").outputs["data"]["dataset"]
    store = Store.open(file)
    try:
        return known_records(store.datasets, tag)
    finally:
        store.close()


def people(n=300):
    """Every third record is called by a phone, a mail address or an identity number."""
    rows = reviews(n)
    for i in range(0, n, 3):
        rows[i]["id"] = [f"139{i:08d}", f"li.lei{i}@163.com", f"用户138{i:08d}"][i // 3 % 3]
    return rows


def test_no_personal_id_is_kept_and_the_others_keep_name_and_part(product_file):
    rows = people()
    write_jsonl(product_file.parent / "reviews.jsonl", rows)
    found = records_of(product_file)
    plain = {row["id"] for i, row in enumerate(rows) if i % 3}
    hashed = {nameless(row["id"]) for row in rows[::3]}
    assert {r.id for r in found} == plain | hashed and len(hashed) == 100
    kept = [p.read_bytes() for p in (product_file.parent / ".steelyard").rglob("*") if p.is_file()]
    for row in rows[::3]:
        assert not any(row["id"].encode() in body for body in kept)
    other = {r.id: r.part for r in found if r.id in plain}
    write_jsonl(product_file.parent / "reviews.jsonl", [r for i, r in enumerate(rows) if i % 3])
    (product_file.parent / ".steelyard").rename(product_file.parent / "before")
    assert {r.id: r.part for r in records_of(product_file)} == other


def test_a_store_of_before_goes_on_and_no_record_changes_its_part(product_file, monkeypatch):
    rows = people()
    write_jsonl(product_file.parent / "reviews.jsonl", rows)
    with monkeypatch.context() as before:
        before.setattr("steelyard.data.pipeline.nameless", lambda identity: identity)
        old = {r.id: r for r in records_of(product_file)}
    assert rows[0]["id"] in old
    changed = [row | {"text": row["text"] + " 又改了"} for row in rows[:60]] + rows[60:]
    write_jsonl(product_file.parent / "reviews.jsonl", changed)
    new = {r.id: r for r in records_of(product_file)}
    assert set(new) == {nameless(identity) for identity in old}
    assert all(new[nameless(identity)].part == known.part for identity, known in old.items())
    same = [row["id"] for row in rows[60:]]
    assert all(new[nameless(i)].key == old[i].key for i in same)
