"""Locks and the note of a ledger's end: who holds what, and what a kill or a damaged note leaves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.errors import Damaged, StoreError
from steelyard.store.lock import alone, held, sweep_unheld
from steelyard.store.look import _noted, check_end, commit_number, note_end


def test_a_lock_is_held_by_one_and_let_go_at_the_end(tmp_path):
    path = tmp_path / "锁"
    with held(path) as first, held(path) as second:
        assert (first, second) == (True, False)
    with held(path) as again:
        assert again


def test_a_lock_is_let_go_when_its_work_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), alone(tmp_path / "lock"):
        _ = 1 / 0
    with held(tmp_path / "lock") as mine:
        assert mine


def test_whoever_comes_second_is_told_and_does_not_let_the_first_ones_go(tmp_path):
    path = tmp_path / "lock"
    with alone(path):
        for _ in range(2):
            with pytest.raises(StoreError, match="one turn at a time"), alone(path):
                pass


def test_a_lock_does_not_empty_the_file_it_holds(tmp_path):
    path = tmp_path / "lock"
    path.write_text("what stood there", encoding="utf-8")
    with alone(path):
        pass
    assert path.read_text("utf-8") == "what stood there"


def test_a_folder_in_the_place_of_a_lock_is_told(tmp_path):
    (tmp_path / "lock").mkdir()
    with pytest.raises(StoreError, match="a folder"), held(tmp_path / "lock"):
        pass


def test_a_folder_that_somebody_holds_is_not_swept(tmp_path):
    folder, lock = tmp_path / "draft", tmp_path / "draft.lock"
    folder.mkdir()
    with held(lock):
        sweep_unheld(folder, lock)
        assert folder.is_dir() and lock.exists()
    sweep_unheld(folder, lock)
    assert not folder.exists() and not lock.exists()


def test_a_folder_without_a_lock_is_left_to_its_age(tmp_path):
    folder = tmp_path / "draft"
    folder.mkdir()
    sweep_unheld(folder, tmp_path / "draft.lock")
    assert folder.is_dir()


class Committed:
    """A ledger with so many commits."""

    def __init__(self, number):
        self.number = number

    def exec_driver_sql(self, statement):
        assert statement == "PRAGMA user_version"
        return self

    def scalar(self):
        return self.number


@settings(max_examples=30)
@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=6))
def test_the_note_of_the_end_only_grows(tmp_path_factory, numbers):
    path = tmp_path_factory.mktemp("end") / "账本.db"
    for number in numbers:
        note_end(path, number)
    most = max(numbers)
    check_end(Committed(most), path)
    if most:
        with pytest.raises(Damaged, match=f"{most - 1}: the newest are gone"):
            check_end(Committed(most - 1), path)


@pytest.mark.parametrize(
    "body",
    [b"", b"commits", b"commits x", b"\0" * 28, b"commits -5", b"\xff\xfe", "commits ٣".encode()],
)
def test_a_note_that_is_none_raises_no_false_alarm_and_is_written_anew(tmp_path, body):
    path, end = tmp_path / "ledger.db", tmp_path / "ledger.db.end"
    end.write_bytes(body)
    check_end(Committed(0), path)
    note_end(path, 7)
    with pytest.raises(Damaged, match="7 commits"):
        check_end(Committed(6), path)


def test_a_longer_note_is_read_to_its_number_alone():
    assert _noted(b"commits 00000000000000000012\nmore") == 12


def test_each_commit_is_one_more_and_a_write_that_fails_is_none(store):
    def number():
        with store.database.read() as connection:
            return commit_number(connection)

    before = number()
    with store.database.write():
        pass
    assert number() == before + 1
    with pytest.raises(ZeroDivisionError), store.database.write():
        _ = 1 / 0
    assert number() == before + 1
    end = store.database.file.with_name("ledger.db.end")
    assert end.read_bytes() == b"commits %020d\n" % (before + 1)
