"""What every storage keeps, and the nouns of a store on each: this machine's folders, and a bucket."""

import json
import os
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest
from tests.bucket import Bucket, killed
from tests.conftest import HARMS

from steelyard.errors import Damaged, Missing, StoreError
from steelyard.store import scratch as kept
from steelyard.store.holdings import Holdings
from steelyard.store.storage import Local, Storage, entry, walk

NAMES = ["模型 权重.bin", "a b", "100%20.bin", "why?.txt", "#1.json", "a+b&c=d", "-rf", "ü.é"]
TABLE = pa.table({"id": [f"r{i}" for i in range(50)], "text": [f"很好 {i}" for i in range(50)]})
NEWER = pa.table({"id": ["a"], "text": ["b"]})


@pytest.fixture(params=["local", "bucket"])
def storage(request, tmp_path) -> Storage:
    return made(request.param, tmp_path)


def made(kind: str, folder: Path) -> Storage:
    if kind == "local":
        return Local(folder / "store")
    return Bucket(folder / "objects", folder / "machine")


def lying(storage: Storage) -> Path:
    """Where the bytes really lie, to harm them."""
    return storage.objects if isinstance(storage, Bucket) else storage.local


def draft_of(storage: Storage, files: dict[str, str]) -> Path:
    folder = storage.local / "drafts" / "one"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def publish(holdings: Holdings, text: str = "weights") -> str:
    with holdings.artifacts.draft() as draft:
        (draft / "模型 100%?#.bin").write_text(text)
        (draft / "more").mkdir()
        (draft / "more" / "config.json").write_text("{}")
        return holdings.artifacts.publish(draft)


# -- the verbs ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_what_is_put_is_fetched_under_any_name_and_replaced_by_what_is_put_next(storage, name):
    storage.put(f"一 folder/{name}", "一")
    assert storage.fetch(f"一 folder/{name}").read_text("utf-8") == "一"
    storage.put(f"一 folder/{name}", b"22")
    assert storage.fetch(f"一 folder/{name}").read_bytes() == b"22"
    assert [(e.name, e.bytes, e.folder) for e in storage.entries("一 folder")] == [(name, 2, False)]


def test_where_nothing_lies_nothing_is_listed_fetched_or_set_aside(storage):
    assert storage.entries("") == storage.entries("none") == [] and entry(storage, "a/b") is None
    assert not storage.fetch("none/of this").exists()
    storage.set_aside("none/of this")
    assert storage.entries("") == []


def test_a_listing_goes_one_level_down_and_a_walk_to_the_end(storage):
    for key in ("b/two", "a", "b/c/three"):
        storage.put(key, key)
    assert [(e.name, e.folder) for e in storage.entries("")] == [("a", False), ("b", True)]
    assert [e.name for e in storage.entries("b")] == ["c", "two"]
    assert [key for key, _ in walk(storage, "b")] == ["b/c", "b/c/three", "b/two"]
    assert storage.entries("a") == [] and storage.entries("b/two") == []


def test_a_published_draft_is_all_that_lies_there_and_is_used_up(storage):
    storage.publish(draft_of(storage, {"old": "1", "end": "1"}), "x/y", last="end")
    draft = draft_of(storage, {"end": "2", "子/新.bin": "3"})
    storage.publish(draft, "x/y", last="end")
    assert not draft.exists()
    folder = storage.fetch("x/y")
    assert sorted(p.name for p in folder.rglob("*") if p.is_file()) == ["end", "新.bin"]
    assert (folder / "end").read_text() == "2" and (folder / "子" / "新.bin").read_text() == "3"


def test_what_is_set_aside_lies_beside_its_place_and_is_not_lost(storage):
    for text in ("first", "second"):
        storage.put("a/f.json", text)
        storage.set_aside("a/f.json")
    assert [e.name for e in storage.entries("a")] == ["f.json.damaged-0", "f.json.damaged-1"]
    assert storage.fetch("a/f.json.damaged-1").read_text() == "second"
    storage.set_aside("a")
    assert storage.entries("a") == [] and len(storage.entries("a.damaged-0")) == 2


def test_a_file_in_a_folders_place_and_a_folder_in_a_files_are_named(storage):
    storage.put("a", "file")
    with pytest.raises(StoreError, match="expected a folder, found a file; move it away"):
        storage.put("a/b", "")
    storage.put("c/d", "file")
    with pytest.raises(StoreError, match="expected a file, found a folder; move it away"):
        storage.put("c", "")


def test_another_library_writes_at_the_place_and_nowhere_else(storage):
    import lance

    key = "数 据/100%20?#.lance"
    place = storage.place(key, write=True)
    lance.write_dataset(TABLE, place.uri, storage_options=dict(place.options) or None)
    storage.sync([k for k, e in walk(storage, key) if not e.folder])
    assert lance.dataset(storage.place(key).uri).to_table().equals(TABLE)
    assert [e.name for e in storage.entries("")] == ["数 据"] and key in place.said
    assert [e.name for e in storage.entries("数 据")] == ["100%20?#.lance"]


@pytest.mark.parametrize("kind", ["local", "bucket"])
def test_a_file_put_by_a_killed_process_is_the_old_one_or_the_new_one(kind, tmp_path):
    seen = set()
    for at in count(1):
        storage = made(kind, tmp_path / str(at))
        storage.put("a/f", "old")
        ended = not killed(lambda s=storage: s.put("a/f", "new" * 9000), at)
        seen.add(text := storage.fetch("a/f").read_text())
        assert text in ("old", "new" * 9000)
        if ended:
            break
    assert seen == {"old", "new" * 9000} and at > 2


@pytest.mark.parametrize("kind", ["local", "bucket"])
def test_whoever_sees_the_last_file_of_a_killed_publication_sees_all_the_others(kind, tmp_path):
    old, new = {"a": "1", "end": "1", "z": "1"}, {"b": "2", "end": "2", "y": "2", "z": "2"}
    seen = []
    for at in count(1):
        storage = made(kind, tmp_path / str(at))
        storage.publish(draft_of(storage, old), "x", last="end")
        draft = draft_of(storage, new)
        ended = not killed(lambda s=storage, d=draft: s.publish(d, "x", last="end"), at)
        files = {e.name: storage.fetch(f"x/{e.name}").read_text() for e in storage.entries("x")}
        seen.append(files)
        assert "end" not in files or files in (old, new)
        if ended:
            break
    assert seen[0] == old and seen[-1] == new and any("end" not in files for files in seen)


def test_this_machines_folders_and_files_are_for_their_owner_alone(tmp_path):
    storage = Local(tmp_path / "store")
    storage.put("a/b/f", "")
    storage.place("c/d", write=True)
    modes = {k: (storage.root / k).stat().st_mode & 0o777 for k in ("", "a", "a/b", "a/b/f", "c")}
    assert modes == {"": 0o700, "a": 0o700, "a/b": 0o700, "a/b/f": 0o600, "c": 0o700}


# -- artifacts ----------------------------------------------------------------------------


def test_the_same_bytes_are_one_artifact_with_its_files_names_and_size(storage):
    holdings = Holdings.at(storage)
    identity = publish(holdings)
    assert publish(holdings) == identity and holdings.artifacts.names() == [identity]
    folder = holdings.artifacts.open(identity)
    assert (folder / "模型 100%?#.bin").read_text() == "weights"
    assert holdings.artifacts.bytes(identity) == sum(
        p.stat().st_size for p in folder.rglob("*") if p.is_file()
    )
    assert holdings.artifacts.drafts() == []


@pytest.mark.parametrize("name", ["模型 100%?#.bin", "more/config.json", "manifest.json"])
@pytest.mark.parametrize("harm", ["flipped", "emptied", "gone"])
def test_a_damaged_artifact_is_never_opened_and_is_replaced_by_the_same_bytes(storage, name, harm):
    holdings = Holdings.at(storage)
    identity = publish(holdings)
    holdings.artifacts.open(identity)
    (HARMS | {"gone": Path.unlink})[harm](lying(storage) / "artifacts" / identity / name)
    with pytest.raises((Damaged, Missing)) as refused:
        holdings.artifacts.open(identity)
    assert refused.value.place.startswith(storage.place(f"artifacts/{identity}").said)
    assert publish(holdings) == identity and holdings.artifacts.holds(identity)


@pytest.mark.parametrize("kind", ["local", "bucket"])
def test_an_artifact_of_a_process_killed_anywhere_is_whole_or_does_not_open(kind, tmp_path):
    opened = []
    for at in count(1):
        holdings = Holdings.at(made(kind, tmp_path / str(at)))
        ended = not killed(lambda h=holdings: publish(h), at)
        opened += [holdings.artifacts.holds(i) for i in holdings.artifacts.names()]
        holdings.artifacts.sweep()
        identity = publish(holdings)
        assert holdings.artifacts.holds(identity)
        if ended:
            break
    # files of a bucket are seen before the last one is there; a folder is renamed with all of them
    assert (False in opened) == (kind == "bucket") and True in opened and at > 10


def test_a_damaged_one_that_is_replaced_by_a_killed_process_does_not_open_or_is_whole(tmp_path):
    for at in count(1, 3):
        storage = made("bucket", tmp_path / str(at))
        holdings = Holdings.at(storage)
        identity = publish(holdings)
        HARMS["flipped"](storage.objects / "artifacts" / identity / "more" / "config.json")
        if not killed(lambda h=holdings: publish(h), at):
            break
        if holdings.artifacts.holds(identity):
            assert (holdings.artifacts.open(identity) / "more" / "config.json").read_text() == "{}"
    assert holdings.artifacts.holds(identity) and at > 10


def test_a_draft_lies_on_this_machine_until_its_process_ends(storage):
    holdings = Holdings.at(storage)
    assert killed(lambda: publish(holdings), 12) and len(holdings.artifacts.drafts()) == 1
    with holdings.artifacts.draft() as mine:
        holdings.artifacts.sweep()
        assert holdings.artifacts.drafts() == [mine] and holdings.artifacts.names() == []


def test_a_copy_of_a_bucket_that_was_damaged_on_this_machine_is_fetched_again(tmp_path):
    holdings = Holdings.at(made("bucket", tmp_path))
    identity = publish(holdings)
    HARMS["flipped"](holdings.artifacts.open(identity) / "more" / "config.json")
    assert (holdings.artifacts.open(identity) / "more" / "config.json").read_text() == "{}"


# -- reports and scratch ------------------------------------------------------------------


def test_reports_are_told_where_they_lie_newest_first(storage):
    reports = Holdings.at(storage).reports
    first = reports.write(1, {"en": "<p>one", "zh": "<p>一"})
    assert first == {n: storage.place(f"reports/turn-1.{n}.html").said for n in ("en", "zh")}
    assert reports.page(1, "zh").read_text("utf-8") == "<p>一"
    storage.put("reports/notes.txt", "")
    for path in (lying(storage) / "reports").iterdir():
        os.utime(path, (0, 0))
    assert reports.places()[0] != reports.write(2, {"en": ""})["en"] == reports.places()[0]
    assert len(reports.places()) == 3


@pytest.mark.parametrize("harm", HARMS)
def test_files_of_a_step_that_goes_on_lie_on_this_machine_and_are_checked(storage, harm):
    scratch = Holdings.at(storage).scratch
    path = kept.keep(scratch.of("k1") / "cnn", "state.json", "{}")
    assert kept.find(scratch.of("k1") / "cnn", "state.json") == path
    assert storage.local in path.parents and list(scratch.damaged()) == []
    HARMS[harm](path)
    assert list(scratch.damaged()) == [(f"k1/cnn/{path.name}", path)]
    assert kept.find(scratch.of("k1") / "cnn", "state.json") is None
    scratch.clear("k1")
    assert not path.parent.exists()


def test_another_machine_finds_what_was_published_and_none_of_the_scratch(tmp_path):
    here, there = (
        Holdings.at(Bucket(tmp_path / "objects", tmp_path / name)) for name in ("here", "there")
    )
    identity = publish(here)
    here.reports.write(1, {"en": "page"})
    here.datasets.publish("labels", TABLE, tag="t", copy=True)
    kept.keep(here.scratch.of("k"), "state.json", "{}")
    assert (there.artifacts.open(identity) / "more" / "config.json").read_text() == "{}"
    assert there.reports.page(1, "en").read_text() == "page"
    assert there.datasets.read("labels", "t").equals(TABLE)
    assert kept.find(there.scratch.of("k"), "state.json") is None


# -- datasets -----------------------------------------------------------------------------


def test_versions_of_a_dataset_are_written_and_read(storage):
    datasets = Holdings.at(storage).datasets
    datasets.publish("records", TABLE, tag="first")
    datasets.publish("records", NEWER, tag="second")
    assert datasets.read("records", "first").equals(TABLE)
    assert datasets.read("records", "second", columns=["text"])["text"].to_pylist() == ["b"]
    assert datasets.read("records", "first", where="id = 'r7'").num_rows == 1
    assert datasets.names() == ["records"]
    assert datasets.tags("records") == {"first": 1, "second": 2} and datasets.put_away() == []


@pytest.mark.parametrize("harm", ["flipped", "emptied", "gone"])
@pytest.mark.parametrize("part", ["data", "_versions", "_refs/tags"])
def test_a_damaged_file_of_a_version_is_named_and_publishing_again_mends_it(storage, part, harm):
    datasets = Holdings.at(storage).datasets
    datasets.publish("records", TABLE, tag="t")
    (path,) = (lying(storage) / "datasets" / "records.lance" / part).glob("[!l]*")  # no hint
    (HARMS | {"gone": Path.unlink})[harm](path)
    said = storage.place("datasets/records.lance").said
    with pytest.raises(Damaged) as refused:
        datasets.read("records", "t")
    assert refused.value.place == f"{said}/{part}/{path.name}"
    datasets.publish("records", TABLE, tag="t")
    assert datasets.read("records", "t").equals(TABLE)


def test_what_was_paid_for_is_restored_from_its_copy(storage, caplog):
    datasets = Holdings.at(storage).datasets
    datasets.publish("labels", TABLE, tag="t", copy=True)
    for path in (lying(storage) / "datasets" / "labels.lance" / "data").iterdir():
        HARMS["emptied"](path)
    assert datasets.read("labels", "t").equals(TABLE) and "dataset.restored" in caplog.text
    (copy,) = (lying(storage) / "datasets" / "labels.tags").glob("*.arrow")
    HARMS["flipped"](copy)
    with pytest.raises(Damaged):
        datasets.examine_copy("labels", "t")
    datasets.mend_copies()
    datasets.examine_copy("labels", "t")
    assert datasets.put_away() == [
        storage.place(f"datasets/labels.tags/{copy.name}.damaged-0").said
    ]


def test_a_damaged_record_of_a_version_is_named(storage):
    datasets = Holdings.at(storage).datasets
    datasets.publish("records", TABLE, tag="t")
    path = lying(storage) / "datasets" / "records.tags" / "t.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sha256": "0"}))
    with pytest.raises(Damaged, match="record of a published version"):
        datasets.read("records", "t")
