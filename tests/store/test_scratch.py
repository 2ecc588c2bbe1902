"""Files of a step that goes on: the old one or the new one, whole, or none."""

import os

import pytest
from tests.conftest import HARMS

from steelyard.store import scratch
from steelyard.store.scratch import damaged, find, forget, keep


def test_what_is_kept_is_found_and_replaced_by_what_is_kept_next(tmp_path):
    first = keep(tmp_path, "state.json", "一")
    assert find(tmp_path, "state.json") == first and first.read_text("utf-8") == "一"
    second = keep(tmp_path, "state.json", b"2")
    assert find(tmp_path, "state.json") == second and list(tmp_path.iterdir()) == [second]
    forget(tmp_path, "state.json")
    assert find(tmp_path, "state.json") is None and list(tmp_path.iterdir()) == []


def test_a_kill_between_the_new_file_and_the_end_of_the_old_one_leaves_both_whole(
    tmp_path, monkeypatch
):
    old = keep(tmp_path, "state.json", "old")
    os.utime(old, ns=(0, 0))
    with monkeypatch.context() as killed:
        killed.setattr(scratch, "_remove", lambda path: None)
        new = keep(tmp_path, "state.json", "new")
    assert set(tmp_path.iterdir()) == {old, new}
    assert find(tmp_path, "state.json") == new
    new.write_text("nex")
    assert find(tmp_path, "state.json") == old and list(tmp_path.iterdir()) == [old]


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_file_is_told_by_a_look_and_dropped_by_the_step(tmp_path, caplog, harm):
    folder = tmp_path / "key" / "60"
    keep(folder, "other.json", "{}")
    path = keep(folder, "state.json", "{}")
    assert list(damaged(tmp_path)) == []
    HARMS[harm](path)
    assert list(damaged(tmp_path)) == [path] and path.exists() and not caplog.records
    assert find(folder, "state.json") is None and not path.exists()
    assert [str(path) in r.message for r in caplog.records] == [True]


@pytest.mark.parametrize("harm", HARMS)
def test_the_same_bytes_take_the_place_of_a_damaged_file(tmp_path, harm):
    HARMS[harm](keep(tmp_path, "state.json", "{}"))
    assert keep(tmp_path, "state.json", "{}").read_text() == "{}"


def test_names_are_kept_apart(tmp_path):
    one, other = keep(tmp_path, "a.json", "1"), keep(tmp_path, "a.b.json", "2")
    assert (find(tmp_path, "a.json"), find(tmp_path, "a.b.json")) == (one, other)
