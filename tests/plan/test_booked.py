"""Hours between trainings are read of what is booked, and nothing else."""

from contextlib import closing
from datetime import date, timedelta

import pytest
from tests.market.companies import At
from tests.planned import a_product, outputs_of
from tests.store.test_tallies import SHARED

from steelyard.api.market import import_file
from steelyard.as_json import to_json
from steelyard.interval import Interval
from steelyard.plan import STAGE, booked
from steelyard.plan.around import Around
from steelyard.plan.booked import around
from steelyard.spec import load
from steelyard.spec.declared import only
from steelyard.store import Store, tables
from steelyard.store.rows import put_all

FIRST = date(2026, 3, 2)
DAYS = [FIRST + timedelta(days=14 * i) for i in range(4)]


def priced(folder, hour="50"):
    file = a_product(folder)
    text = file.path.read_text(encoding="utf-8").replace(
        "prices: {", f"prices: {{person_hour: {hour}, ", 1
    )
    file.path.write_text(text, encoding="utf-8")
    return load(file.path)


def trained(file, days, *, key=str):
    """A turn a fortnight, each with a training on more labels."""
    for i, day in enumerate(days):
        with closing(Store.open(file, clock=At(day))) as store:
            turn = store.begin_turn(file.sha256, text=file.text)
            seen = to_json(Interval(0.8 + 0.01 * i, 0.79 + 0.01 * i, 0.81 + 0.01 * i, 2000))
            left = outputs_of(bought=200 + 100 * i)
            left["train"] = {"variant": f"v{i}", "metrics": {"utility": seen}}
            for name in ("label", "train"):
                made = left[name]
                store.step(turn, name, f"{name}-{key(i)}", lambda _, o=made: o, cpu_price=0)
            store.end_turn(turn)


def book(file, rows):
    path = file.folder / "hours.csv"
    path.write_text("day,meter,quantity,channel\n" + "\n".join(rows) + "\n", encoding="utf-8")
    import_file(file, path, kind="usage")


def of_day(file, day):
    with closing(Store.open(file, clock=At(day))) as store:
        return around(store, file)


def test_hours_belong_to_the_training_that_came_after_them(tmp_path):
    file = priced(tmp_path)
    trained(file, DAYS)
    book(
        file,
        [
            f"{DAYS[0]},person_hour,3,",
            f"{DAYS[0] + timedelta(days=1)},person_hour,5,",
            f"{DAYS[1]},person_hour,1.5,",
            f"{DAYS[1]},person_hour,40,search",  # of a channel
            f"{DAYS[3] + timedelta(days=1)},person_hour,9,",  # no training came yet
        ],
    )
    found = of_day(file, DAYS[3])
    assert (found.hour_price, found.cores, found.hours, found.peak) == (50.0, 1, None, None)
    assert [one.hours for one in found.trained] == [3.0, 6.5, 0.0, 0.0]
    assert [one.labels for one in found.trained] == [200, 300, 400, 500]
    assert [one.quality for one in found.trained] == pytest.approx([0.8, 0.81, 0.82, 0.83])
    assert found.trained[0].error == pytest.approx(0.01 / 1.96, rel=1e-3)


def test_a_training_that_was_used_again_is_one_and_hours_wait_for_the_next(tmp_path):
    file = priced(tmp_path)
    trained(file, DAYS, key=lambda i: str(min(i, 1)))
    book(file, [f"{DAYS[2]},person_hour,7,"])
    assert [one.hours for one in of_day(file, DAYS[3]).trained] == [0.0, 0.0]


def test_no_more_of_the_file_is_read_than_the_plan_declares(tmp_path):
    """Or a turn would end there: a step is handed no more."""
    file = priced(tmp_path)
    trained(file, DAYS[:2])
    book(file, [f"{DAYS[1]},person_hour,7,"])
    with closing(Store.open(file, clock=At(DAYS[2]))) as store:
        assert around(store, only(file, *STAGE.sections)) == around(store, file)


def test_without_hours_no_training_is_read(tmp_path):
    file = a_product(tmp_path)
    trained(file, DAYS[:1])
    assert of_day(file, DAYS[1]) == Around(cpu_hour=float(file.spec.money.prices.cpu_hour))


def answered(file, day, hours):
    """So many answers to users in each hour of a day, as (hour, n)."""
    rows = [
        SHARED
        | {
            "id": f"{day}-{hour}-{i}",
            "user": f"u{i}",
            "created": f"{day}T{hour:02d}:30:00.{i:06d}+00:00",
        }
        for hour, n in hours
        for i in range(n)
    ]
    with closing(Store.open(file)) as store, store.database.write() as connection:
        put_all(connection, tables.answer, rows)


def test_the_busiest_hour_is_read_of_answers_where_the_file_says_none(tmp_path, monkeypatch):
    monkeypatch.setattr(booked, "ANSWERS_LEAST", 60)
    file = priced(tmp_path)
    today = FIRST + timedelta(days=30)
    for back in (1, 2, 9):
        answered(file, today - timedelta(days=back), [(9, 18), (13, 2), (22, 4)])
    answered(file, today, [(3, 90)])  # not over
    answered(file, today - timedelta(days=40), [(4, 90)])  # too long ago
    assert of_day(file, today).peak == pytest.approx(18 * 24 / 24)
    assert of_day(file, today - timedelta(days=1)).peak is None  # too few by then
    text = file.path.read_text(encoding="utf-8").replace("plan: {", "plan: {peak: 3.5, ")
    file.path.write_text(text, encoding="utf-8")
    assert of_day(load(file.path), today).peak == 3.5


def test_no_more_answers_are_read_for_the_busiest_hour_than_tell_it(tmp_path, monkeypatch):
    monkeypatch.setattr(booked, "ANSWERS_LEAST", 60)
    monkeypatch.setattr(booked, "READ_MOST", 100)
    file = priced(tmp_path)
    today = FIRST + timedelta(days=30)
    for back in (1, 3, 7):
        answered(file, today - timedelta(days=back), [(9, 30)])
    answered(file, today - timedelta(days=8), [(4, 30)])
    assert of_day(file, today).peak == 24.0
