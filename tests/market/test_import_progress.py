"""A large import tells how far it is: to a terminal, in a log, and to whoever calls the function."""

import pytest
from tests.market.books import exported

from steelyard.api.market import import_file
from steelyard.cli.progress import Pulse, Screen
from steelyard.market.progress import EVERY, Told, told

ROWS = 6_000
ADS = "日期,推广计划,消费,点击\n" + "".join(
    f"2026-01-{1 + n % 28:02},计划{n // 28},1.00,1\n" for n in range(ROWS)
)


class Heard:
    """A watcher that writes down what it is told."""

    def __init__(self):
        self.steps, self.heard = [], []

    def begin(self, step):
        self.steps.append(("begin", step))

    def advance(self, what, done, total, /):
        self.heard.append((what, done, total))

    def end(self, step, output, *, ran):
        self.steps.append(("end", step, output["rows"], ran))


def test_reading_checking_and_booking_are_told_while_they_go(shop):
    heard = Heard()
    import_file(shop, exported(shop, ADS), watcher=heard)
    assert heard.steps == [("begin", "import"), ("end", "import", ROWS, True)]
    assert list(dict.fromkeys(what for what, *_ in heard.heard)) == [
        "rows read",
        "columns read",
        "rows checked",
        "rows compared",
        "rows kept",
        "lines booked",
    ]
    for what in ("rows checked", "rows compared", "lines booked"):
        assert [n for name, *n in heard.heard if name == what] == [
            [0, ROWS],
            [EVERY, ROWS],
            [ROWS, ROWS],
        ]


def test_the_same_again_books_nothing_and_says_so_of_no_line(shop):
    path = exported(shop, ADS)
    import_file(shop, path)
    heard = Heard()
    import_file(shop, path, watcher=heard)
    assert ("rows compared", ROWS, ROWS) in heard.heard
    assert not [what for what, *_ in heard.heard if what == "lines booked"]


def test_what_is_counted_is_what_goes_by():
    heard = Heard()
    assert list(told("abc", "letters", heard.advance, 3, start=1)) == [(1, "a"), (2, "b"), (3, "c")]
    assert list(Told([7, 8], "lines", heard.advance)) == [7, 8]
    assert heard.heard == [("letters", 0, 3), ("letters", 3, 3), ("lines", 0, 2), ("lines", 2, 2)]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "import        31 s  reading and booking an export; rows checked 5,000 / 200,000"),
        ("zh", "import        31 s  读取导出文件并入账; 已检查的行 5,000 / 200,000"),
    ],
)
def test_a_log_has_a_line_of_a_long_import(monkeypatch, language, line):
    monkeypatch.setenv("STEELYARD_LANGUAGE", language)
    now = [0.0]
    pulse = Pulse(clock=lambda: now[0])
    pulse.begin("import")
    pulse.advance("rows checked", 5_000, 200_000)
    now[0] = 31.0
    assert pulse.line() == line


@pytest.mark.parametrize(("told_from_s", "said"), [(0.0, True), (60.0, False)])
def test_only_a_step_that_took_a_while_has_a_line_of_its_own(capsys, told_from_s, said):
    with Screen(told_from_s=told_from_s) as screen:
        screen.begin("import")
        screen.end("import", {}, ran=True)
    assert ("import" in capsys.readouterr().err) is said
