"""Hours between trainings and conversions around a change of a share are read of what is booked, and nothing else."""

from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta

import pytest
from tests.counted import KEY, OWN, PARTNERS, convert, key_of, product_in
from tests.market.companies import At
from tests.planned import a_product, outputs_of

from steelyard.api.market import import_file
from steelyard.as_json import to_json
from steelyard.interval import Interval
from steelyard.plan.around import Around
from steelyard.plan.booked import SHORTEST, _Counted, around
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.store import Store

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


def test_without_hours_and_partners_nothing_is_read(tmp_path):
    file = a_product(tmp_path)
    trained(file, DAYS[:1])
    assert of_day(file, DAYS[1]) == Around(cpu_hour=float(file.spec.money.prices.cpu_hour))


def test_a_share_that_changed_has_its_conversions_before_and_after_beside_those_of_others(tmp_path):
    file = product_in(tmp_path)
    today = datetime.now(UTC).date()
    begins, changed = today - timedelta(days=50), today - timedelta(days=20)
    with closing(Store.open(file)) as store, Server(store, file, key=KEY, partners=PARTNERS) as url:
        for i in range(46):
            day = begins + timedelta(days=i)
            at = datetime.combine(day, time(12), UTC).isoformat()
            for k in range(1 if day < changed else 2):
                convert(url, OWN, id=f"a{i}-{k}", channel="acme", value=30, at=at)
            convert(url, OWN, id=f"w{i}", channel="wechat", value=30, at=at)
        convert(url, key_of("acme"), id="own", value=50)  # what it says of itself
    with closing(Store.open(file, clock=At(begins))) as store:
        store.end_turn(store.begin_turn(file.sha256, text=file.text))
    later = replace_share(file, 0.3)
    with closing(Store.open(later, clock=At(changed))) as store:
        store.end_turn(store.begin_turn(later.sha256, text=later.text))
    acme, beta = of_day(later, today).partners
    assert (acme.name, acme.share, beta.change) == ("acme", 0.3, None)
    assert acme.change.day == changed.isoformat() and acme.change.share == (0.2, 0.3)
    n = acme.change.days
    assert SHORTEST <= n == 19
    seen = min(n, 15)  # the last four days have none
    assert acme.change.own == (n, 2 * seen) and acme.change.others == (n, seen)
    assert acme.value == pytest.approx(30.0)


def replace_share(file, share):
    text = file.path.read_text(encoding="utf-8")
    file.path.write_text(text.replace("acme: {share: 0.2", f"acme: {{share: {share}"), "utf-8")
    return load(file.path)


def counted(days, a_day=3):
    return _Counted({("acme", FIRST + timedelta(days=i)): (a_day, 0) for i in range(days)})


def test_of_several_changes_the_newest_that_has_days_on_both_sides_counts():
    day = [FIRST + timedelta(days=n) for n in (0, 20, 40, 45)]
    shares = [(day[0], 0.1), (day[1], 0.1), (day[2], 0.2), (day[3], 0.1)]
    found = counted(60)
    # the last one had the share before it for five days alone; that before it has but five behind
    assert found.change("acme", shares, FIRST + timedelta(days=60)) is None
    kept = found.change("acme", shares[:3], FIRST + timedelta(days=60))
    assert (kept.days, kept.share, kept.own) == (19, (0.1, 0.2), (57, 57))
    back = [(day[0], 0.1), (day[1], 0.2), (day[2], 0.1)]
    assert found.change("acme", back, FIRST + timedelta(days=60)).share == (0.2, 0.1)
    assert found.change("acme", [(day[0], 0.1)], FIRST + timedelta(days=60)) is None
    assert found.change("none", shares[:3], FIRST + timedelta(days=60)) is None


def test_days_before_anything_was_counted_are_none_of_before():
    found = _Counted({("acme", FIRST + timedelta(days=i)): (1, 0) for i in range(30, 90)})
    shares = [(FIRST, 0.1), (FIRST + timedelta(days=40), 0.2)]
    assert found.change("acme", shares, FIRST + timedelta(days=90)) is None
    assert counted(90).change("acme", shares, FIRST + timedelta(days=90)).days == 40
