"""What is published is known by its bytes and by nothing else, and one byte more or less shows."""

import hashlib
import json
import os
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.errors import Damaged, Missing
from steelyard.store import Artifacts
from steelyard.store.content import is_of, labels_tag, records_tag
from steelyard.store.hashed import different, sha256
from steelyard.store.records import digest_of
from steelyard.store.reports import Reports
from steelyard.store.storage import Local
from steelyard.store.versions import (
    Published,
    check_copy,
    drop_damaged_copies,
    read_copy,
    save_copy,
)

names = st.sampled_from(["模型.bin", "a b", "a/b", "a/模型 %20?.json", "deep/er/x", "manifest.jso"])
bodies = st.dictionaries(names, st.binary(max_size=5), max_size=4)


def published(artifacts, files):
    with artifacts.draft() as draft:
        for name, body in files.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_bytes(body)
        return artifacts.publish(draft)


@settings(max_examples=25)
@given(bodies, bodies)
def test_an_artifact_is_named_by_its_files_and_their_bytes(tmp_path_factory, one, other):
    artifacts = Artifacts(Local(tmp_path_factory.mktemp("a")))
    identity = published(artifacts, one)
    assert published(artifacts, dict(reversed(one.items()))) == identity
    assert (published(artifacts, other) == identity) == (one == other)
    folder = artifacts.open(identity)
    assert {n: (folder / n).read_bytes() for n in one} == one
    assert artifacts.bytes(identity) >= sum(map(len, one.values()))


def test_a_manifest_inside_a_folder_of_an_artifact_is_a_file_as_any_other(tmp_path):
    artifacts = Artifacts(Local(tmp_path))
    one, other = (published(artifacts, {"encoder/manifest.json": b}) for b in (b"{}", b"[]"))
    assert one != other
    (artifacts.peek(one) / "encoder" / "manifest.json").write_bytes(b"damaged")
    with pytest.raises(Damaged, match=r"encoder/manifest\.json"):
        artifacts.open(one)


@pytest.mark.parametrize("added", ["more.bin", "a/more.bin", ".hidden"])
def test_a_file_that_was_not_published_is_named(tmp_path, added):
    artifacts = Artifacts(Local(tmp_path))
    identity = published(artifacts, {"a/b": b"x"})
    (artifacts.peek(identity) / added).write_bytes(b"")
    with pytest.raises(Damaged, match="expected no such file, found one"):
        artifacts.open(identity)
    assert not artifacts.holds(identity)


def test_a_draft_that_fails_is_no_artifact_and_leaves_no_lock(tmp_path):
    artifacts = Artifacts(Local(tmp_path))
    with pytest.raises(ZeroDivisionError), artifacts.draft() as draft:
        (draft / "x").write_bytes(b"x")
        _ = 1 / 0
    assert artifacts.names() == [] == artifacts.drafts() and list(tmp_path.iterdir()) == []


def test_a_file_is_read_again_once_it_changed_and_only_then(tmp_path, monkeypatch):
    path, read = tmp_path / "x", []
    whole = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda f, kind: read.append(1) or whole(f, kind))
    path.write_bytes(b"one")
    assert sha256(path) == sha256(path) == hashlib.sha256(b"one").hexdigest() and len(read) == 1
    path.write_bytes(b"longer")
    assert sha256(path) == hashlib.sha256(b"longer").hexdigest()
    other = tmp_path / "other"
    other.write_bytes(b"length")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)  # as long and as old: another file all the same
    assert sha256(path) == hashlib.sha256(b"length").hexdigest()


def test_a_file_that_is_replaced_while_it_is_opened_is_not_known_by_the_other_ones_hash(tmp_path):
    path, newer = tmp_path / "x", tmp_path / "newer"
    path.write_bytes(b"old")
    newer.write_bytes(b"new")

    class Swapped(type(path)):
        def open(self, *how):
            file = Path(self).open(*how)  # noqa: SIM115
            newer.replace(self)
            return file

    assert sha256(Swapped(path)) == hashlib.sha256(b"old").hexdigest()
    assert sha256(path) == hashlib.sha256(b"new").hexdigest()


def test_the_first_file_by_name_that_is_another_is_told(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(name.encode())
    hashes = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("c", "b", "a")}
    assert different(tmp_path.joinpath, hashes) is None
    assert different(tmp_path.joinpath, {}) is None
    (tmp_path / "c").write_bytes(b"x")
    (tmp_path / "b").unlink()
    wrong = different(tmp_path.joinpath, hashes)
    assert (wrong.name, wrong.fact) == ("b", "no file") and hashes["b"][:12] in wrong.expected


@pytest.mark.parametrize("place", ["none", "folder", "file/below"])
def test_what_is_no_file_has_no_hash(tmp_path, place):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    assert sha256(tmp_path / place) == ""


RECORD = Published(3, 9, {"data/数据.lance": "a" * 64})


def test_the_record_of_a_version_comes_back_as_it_was_saved(tmp_path):
    storage = Local(tmp_path)
    assert Published.load(storage, "r.tags/t.json", "repair") is None
    RECORD.save(storage, "r.tags/t.json")
    assert Published.load(storage, "r.tags/t.json", "repair") == RECORD


@pytest.mark.parametrize("bit", range(0, 8 * 160, 97))
def test_a_flipped_bit_of_a_record_is_damage_or_no_other_record(tmp_path, bit):
    storage = Local(tmp_path)
    RECORD.save(storage, "t.json")
    body = bytearray((tmp_path / "t.json").read_bytes())
    body[bit // 8] ^= 1 << bit % 8
    (tmp_path / "t.json").write_bytes(body)
    try:
        assert Published.load(storage, "t.json", "repair") == RECORD
    except Damaged as error:
        assert error.repair == "repair"


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"published": {}}', '{"published": 5, "sha256": ""}', "[" * 10**5],
)
def test_what_is_no_record_is_damage(tmp_path, text):
    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    with pytest.raises(Damaged, match="the record of a published version"):
        Published.load(Local(tmp_path), "t.json", "repair")


def test_a_record_with_a_field_of_a_later_version_is_damage_and_no_traceback(tmp_path):
    held = {"version": 1, "rows": 1, "files": {}, "later": 1}
    body = hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()
    text = json.dumps({"published": held, "sha256": body})
    (tmp_path / "t.json").write_text(text, encoding="utf-8")
    with pytest.raises(Damaged):
        Published.load(Local(tmp_path), "t.json", "repair")


PAID = pa.table({"id": ["r1", "记录"], "label": ["好", None]})


def copy_of(tmp_path):
    (path,) = (tmp_path / "l.tags").glob("*.arrow")
    return path


def test_a_copy_holds_every_row_and_is_found_by_its_own_tag(tmp_path):
    storage = Local(tmp_path)
    save_copy(storage, "l.tags", "ab", PAID)
    assert read_copy(storage, "l.tags", "ab").equals(PAID)
    assert read_copy(storage, "l.tags", "a") is None and read_copy(storage, "none", "ab") is None
    check_copy(storage, "l.tags", "ab", "repair")
    with pytest.raises(Missing, match="a copy of the rows"):
        check_copy(storage, "l.tags", "a", "repair")


def test_a_damaged_copy_is_told_never_read_and_makes_way_for_a_whole_one(tmp_path):
    storage = Local(tmp_path)
    save_copy(storage, "l.tags", "ab", PAID)
    path = copy_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert read_copy(storage, "l.tags", "ab") is None
    with pytest.raises(Damaged):
        check_copy(storage, "l.tags", "ab", "repair")
    drop_damaged_copies(storage, "l.tags", "ab")
    save_copy(storage, "l.tags", "ab", PAID)
    check_copy(storage, "l.tags", "ab", "repair")
    assert len(list((tmp_path / "l.tags").iterdir())) == 2  # what was damaged lies beside it


def test_of_a_damaged_copy_and_a_whole_one_the_whole_one_is_read(tmp_path):
    storage = Local(tmp_path)
    save_copy(storage, "l.tags", "ab", PAID)
    copy_of(tmp_path).with_name(f"ab.{'0' * 24}.arrow").write_bytes(b"damaged")
    assert read_copy(storage, "l.tags", "ab").equals(PAID)


RECORDS = {
    "id": ["a", "b"],
    "label": ["好评", None],
    "split": ["train", "holdout"],
    "cluster": ["a", "b"],
    "content": ["很好", "太差"],
}


def tag(product="p", **columns):
    return records_tag(pa.table(RECORDS | columns), product)


@pytest.mark.parametrize(
    "columns",
    [
        {"id": ["a", "c"]},
        {"label": ["好评", "差评"]},
        {"label": ["差评", None]},
        {"label": ["好评", "None"]},  # a label of this name is not none
        {"label": ["好评", ""]},
        {"split": ["holdout", "holdout"]},
        {"cluster": ["a", "a"]},
        {"content": ["很好", "太差 "]},
        {name: values[::-1] for name, values in RECORDS.items()},
        {name: values[:1] for name, values in RECORDS.items()},
        {"product": "q"},
    ],
    ids=str,
)
def test_records_with_any_other_value_have_another_tag(columns):
    assert tag(**columns) != tag() == tag()


def test_a_label_that_is_called_none_is_known_by_its_tag_of_before_too():
    table = pa.table(RECORDS | {"label": ["好评", "None"]})
    before = hashlib.sha256(b"p")
    for row in zip(*(table[name].to_pylist() for name in RECORDS), strict=True):
        body = row[4].encode()
        before.update("{}\t{}\t{}\t{}\t".format(*row).encode() + b"%d\n" % len(body) + body)
    for known in (before.hexdigest()[:24], records_tag(table, "p")):
        assert is_of("records", table, tag=known, products=["p"])
        assert not is_of("records", table.slice(1), tag=known, products=["p"])


def test_a_purchase_is_named_by_its_ids_labels_and_keys():
    ids, labels, keys = ["a", "b"], ["好", "坏"], ["k", "l"]
    tags = [
        labels_tag(ids, labels, keys),
        labels_tag(ids, labels),
        labels_tag(ids[::-1], labels, keys),
        labels_tag(ids, labels[::-1], keys),
        labels_tag(ids, labels, keys[::-1]),
        labels_tag(ids[:1], labels[:1], keys[:1]),
        labels_tag([], [], []),
    ]
    assert len(set(tags)) == len(tags)
    with pytest.raises(ValueError, match="zip"):
        labels_tag(ids, labels[:1])


def test_a_content_is_the_same_as_text_or_as_its_bytes_and_half_a_character_is_one():
    assert digest_of("好评") == digest_of("好评".encode()) != digest_of("好评 ")
    assert len(digest_of("\ud83d")) == 32 and digest_of("\ud83d") != digest_of("\ud83e")


def test_pages_of_a_turn_lie_by_language_and_the_newest_is_told_first(tmp_path):
    reports = Reports(Local(tmp_path), "reports")
    assert reports.places() == []
    for turn in (7, 8):
        told = reports.write(turn, {"en": f"<p>{turn}", "zh": f"<p>第{turn}轮"})
        for language in told:
            os.utime(told[language], ns=(turn * 10**9,) * 2)
    (tmp_path / "reports" / "notes.html").write_text("mine", encoding="utf-8")
    (tmp_path / "reports" / "turn-9.txt").write_text("mine", encoding="utf-8")
    assert told["zh"].endswith("turn-8.zh.html")
    assert reports.page(7, "zh").read_text("utf-8") == "<p>第7轮"
    assert [Path(place).name[:6] for place in reports.places()] == ["turn-8"] * 2 + ["turn-7"] * 2
