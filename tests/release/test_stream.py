"""How many records of a stream a turn sends, which ones, and under which names."""

from types import SimpleNamespace

import pytest
from tests.release.common import published_records, task

from steelyard.errors import DataError
from steelyard.release.stream import check_stream, record_of, records_of, stream
from steelyard.spec import load
from steelyard.store.releases import experiment_of
from steelyard.tasks import UNLABELLED


def product(replay=None):
    spec = SimpleNamespace(release=SimpleNamespace(replay=replay))
    return SimpleNamespace(spec=spec, path=SimpleNamespace(name="产品.yaml"))


@pytest.mark.parametrize(
    ("replay", "here", "asked", "records"),
    [
        (None, 5, None, 5),
        (None, 5000, None, 1000),
        (None, 0, None, 0),
        (3, 5, None, 3),
        (5, 5, None, 5),
        (3, 5, 4, 4),
    ],
)
def test_a_default_takes_what_there_is_and_a_number_is_meant(replay, here, asked, records):
    assert records_of(product(replay), here, asked) == records


@pytest.mark.parametrize(
    ("replay", "asked", "place"),
    [(6, None, "产品.yaml release.replay"), (None, 6, "--records"), (1, 6, "--records")],
)
def test_more_records_than_there_are_is_refused_where_it_was_asked(replay, asked, place):
    with pytest.raises(DataError) as error:
        records_of(product(replay), 5, asked)
    assert (error.value.place, error.value.found) == (place, "6")


def test_records_without_a_label_are_no_stream_of_a_replay():
    splits = {"stream": {"positive": 3, "negative": 2, UNLABELLED: 100}}
    check_stream(product(5), splits)
    with pytest.raises(DataError, match="at most 5"):
        check_stream(product(6), splits)


def sent(store, product_file, *, turn=3, **more):
    pair = {"live": "a", "canary": "b"}
    return stream(
        store, load(product_file), task=task(), dataset="d", turn=turn, **{**pair, **more}
    )


def test_every_labelled_record_of_the_stream_is_sent_once_and_none_of_the_holdout(
    store, product_file
):
    published_records(store, stream=70, holdout=20)
    visits, most = sent(store, product_file)
    assert len(visits) == 70 and most == 60  # as the product file asks
    assert len({visit.user for visit in visits}) == len({v.request_id for v in visits}) == 70
    assert {visit.truth for visit in visits} == {"negative", "positive"}


def test_another_attempt_of_a_turn_sends_the_same_requests_in_the_same_order(store, product_file):
    published_records(store, stream=70)
    one, other = (sent(store, product_file)[0] for _ in range(2))
    assert one == other
    later, _ = sent(store, product_file, turn=4)
    assert [record_of(v) for v in later] == [record_of(v) for v in one]
    assert not {v.request_id for v in later} & {v.request_id for v in one}


def test_records_are_sent_under_the_name_of_their_comparison(store, product_file):
    published_records(store, stream=70)
    (visit, *_), _ = sent(store, product_file)
    assert visit.request_id == f"{experiment_of('a', 'b')}:3:{record_of(visit)}"
    (other, *_), _ = sent(store, product_file, canary="c")
    assert other.request_id != visit.request_id and record_of(other) == record_of(visit)
    assert len(f"{visit.request_id}:canary") <= 64


def test_records_that_were_sent_before_are_left_out_and_count_in_what_there_is(store, product_file):
    published_records(store, stream=70)
    visits, _ = sent(store, product_file)
    before = {record_of(visit) for visit in visits[:30]}
    left, most = sent(store, product_file, without=before)
    assert left == visits[30:] and most == 60
    none, _ = sent(store, product_file, without={record_of(v) for v in visits})
    assert none == []


def test_a_number_on_the_command_line_is_taken_before_that_of_the_file(store, product_file):
    published_records(store, stream=70)
    assert sent(store, product_file, records=5)[1] == 5
    with pytest.raises(DataError, match="--records: expected at most 70"):
        sent(store, product_file, records=71)
