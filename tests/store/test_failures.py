"""What a database or a disk says when it fails becomes one sentence with its own repair."""

import errno

import pytest

from steelyard.errors import Damaged, RowRefused, StoreError, Unavailable
from steelyard.store.failures import RESTORE, broken, full, of_disk, refused_row, told


class Wrapped(Exception):
    """As SQLAlchemy wraps what a driver raised."""

    def __init__(self, orig):
        super().__init__("(driver.Error) and the statement with its values")
        self.orig = orig


@pytest.mark.parametrize(
    ("said", "kind", "repair"),
    [
        ("database is locked", Unavailable, "wait for it to end"),
        ("canceling statement due to lock timeout", Unavailable, "wait for it to end"),
        ("database or disk is full", Unavailable, "free some"),
        ("could not extend file: No space left on device", Unavailable, "free some"),
        ("Disk quota exceeded", Unavailable, "free some"),
        ("attempt to write a readonly database", StoreError, "change its mode"),
        ("permission denied for table entry", StoreError, "change its mode"),
        ("database disk image is malformed", Damaged, RESTORE),
        ("file is not a database", Damaged, RESTORE),
        ("no such table: entry", Damaged, RESTORE),
        ("no such column: entry.basis", Damaged, RESTORE),
        ("table entry has no column named about", Damaged, RESTORE),
        ("connection refused", Unavailable, "run the same command again"),
        ("", Unavailable, "run the same command again"),
    ],
)
def test_what_a_database_says_has_its_own_kind_and_repair(said, kind, repair):
    error = told(Wrapped(RuntimeError(said)), "ledger 账本.db", busy_s=2.5)
    assert type(error) is kind and repair in error.repair and error.place == "ledger 账本.db"


def test_the_time_that_was_waited_is_said_as_it_was_given():
    error = told(RuntimeError("database is locked"), "ledger", busy_s=0.5)
    assert "within 0.5 s" in error.expected


def test_of_several_lines_the_first_is_said_and_values_of_a_statement_are_not():
    error = told(Wrapped(RuntimeError("server closed\nDETAIL: 13812345678")), "x", busy_s=1)
    assert error.found == "server closed"
    row = refused_row(Wrapped(RuntimeError("UNIQUE failed\nDETAIL: 13812345678")), "ledger")
    assert type(row) is RowRefused and row.found == "UNIQUE failed"
    assert refused_row(Wrapped(ValueError("")), "ledger").found == "Wrapped"


def test_a_full_disk_is_seen_behind_whatever_was_raised_on_the_way():
    try:
        try:
            raise OSError(errno.EDQUOT, "x")
        except OSError as cause:
            raise RuntimeError("writing failed") from cause
    except RuntimeError as error:
        assert full(error) and type(told(error, "ledger", busy_s=1)) is Unavailable
    try:
        try:
            raise OSError(errno.ENOSPC, "x")
        except OSError:
            raise ValueError("while it was handled") from None
    except ValueError as error:
        assert full(error)
    assert not full(OSError(errno.EIO, "input/output error"))


def test_causes_in_a_ring_come_to_an_end():
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one
    assert not full(one)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, Unavailable),
        (errno.EDQUOT, Unavailable),
        (errno.EROFS, StoreError),
        (errno.EACCES, StoreError),
        (errno.EPERM, StoreError),
    ],
)
def test_a_disk_that_refuses_names_its_file(number, kind):
    error = of_disk(OSError(number, "why", "/数据/报告.html"))
    assert type(error) is kind and error.place == "/数据/报告.html"


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "x"), FileNotFoundError(2, "x"), ValueError()]
)
def test_other_errors_are_left_to_those_who_know_them(error):
    assert of_disk(error) is None


def test_a_disk_without_a_name_is_called_one():
    assert of_disk(OSError(errno.ENOSPC, "x")).place == "disk"


@pytest.mark.parametrize(("said", "is_broken"), [("index corrupt", True), ("timeout", False)])
def test_broken_reads_what_the_driver_said_and_not_what_wraps_it(said, is_broken):
    assert broken(Wrapped(RuntimeError(said))) == is_broken
    assert broken(RuntimeError(said)) == is_broken
