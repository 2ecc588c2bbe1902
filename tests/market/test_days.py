"""A day is read as it was meant, or refused; times fall on the day of where the books are kept."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.market.cells import CellError
from steelyard.market.days import is_day, moments

SHANGHAI = ZoneInfo("Asia/Shanghai")
SECOND = date(2026, 1, 2)


def days(cells, **how):
    return [None if m is None else m.day for m in moments(cells, zone=SHANGHAI, **how)]


@pytest.mark.parametrize(
    "cell",
    [
        "2026-01-02",
        "2026-1-2",
        "2026/1/2",
        "2026.01.02",
        "2026年1月2日",
        "2026年01月02号",
        "２０２６年１月２日",
        "20260102",
        "2.1.2026",
        "Jan 2, 2026",
        "January 2 2026",
        "2 Jan 2026",
        "02-Jan-2026",
        "Fri, Jan 2, 2026",
        "周五 2026-01-02",
        "`2026-01-02",
        "2026-01-02 13:45",
        "2026-01-02 13:45:10.123",
        "2026-01-02T13:45:10+08:00",
        "2026/1/2 1:45 PM",
        "2026年1月2日 下午1:45",
        "2026-01-01T23:45:00Z",  # the second in Shanghai
        "2026-01-01 23:45 UTC",
    ],
)
def test_a_day_as_people_and_programs_write_it(cell):
    assert days([cell]) == [SECOND] and is_day(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "26-01-02",
        "2026-02-30",
        "2026-13-01",
        "46024",
        "Total",
        "2026-01",
        "2026-01-02 25:00",
        "13 PM",
        "Foo 2, 2026",
        "2026-01-02 13:00 PM",
    ],
)
def test_what_is_no_day_is_refused(cell):
    with pytest.raises(CellError) as refused:
        moments(["2026-01-02", cell], zone=UTC)
    assert refused.value.index == 1


def test_the_column_tells_the_order_of_day_and_month_or_whoever_maps_it_does():
    assert days(["13/1/2026", "2/1/2026"]) == [date(2026, 1, 13), SECOND]
    assert days(["1/13/2026", "1/2/2026"]) == [date(2026, 1, 13), SECOND]
    assert days(["1/2/2026"], order="month_first") == [SECOND]
    assert days(["2/2/2026"]) == [date(2026, 2, 2)]
    with pytest.raises(CellError, match="can be read in one way") as refused:
        moments(["2/2/2026", "1/2/2026"], zone=UTC)
    assert refused.value.index == 1 and "day_first" in refused.value.repair


def test_a_column_in_two_orders_is_refused_at_the_cell_that_breaks_it():
    with pytest.raises(CellError) as refused:
        moments(["1/13/2026", "13/1/2026"], zone=UTC)
    assert refused.value.index == 1


def test_times_without_an_offset_are_of_where_the_export_was_written():
    cell = "2026-01-01 23:30:00"
    (moment,) = moments([cell], zone=SHANGHAI, written=UTC)
    assert moment.day == SECOND and moment.at == datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    (own,) = moments([cell], zone=SHANGHAI)
    assert own.day == date(2026, 1, 1)
    (day,) = moments(["2026-01-01"], zone=SHANGHAI, written=UTC)
    assert day.day == date(2026, 1, 1) and day.at is None  # a day has no zone


def test_an_empty_cell_is_no_day():
    assert moments(["", "-"], zone=UTC) == [None, None]


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%d.%m.%Y", "%d %b %Y", "%B %d, %Y"]),
)
def test_any_day_is_read_back_from_any_form(day, form):
    assert days([day.strftime(form)]) == [day]


@given(st.text(max_size=20))
def test_any_text_is_a_day_or_refused_and_no_traceback(text):
    try:
        moments([text], zone=UTC)
    except CellError as error:
        assert error.index == 0
