"""A whole turn leaves a canary, users ask a server and pay, and the next turn promotes by what they paid."""

from contextlib import closing

from tests.buying import COUNTED, Later, asked, bought

from steelyard.loop import turn
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.store import Store


def test_the_next_turn_promotes_a_canary_whose_users_pay_more(product_file):
    text = product_file.read_text(encoding="utf-8")
    text = text.replace("release: {", "release: {metric: revenue, metric_days: 3, ") + COUNTED
    product_file.write_text(text, encoding="utf-8")
    product, clock = load(product_file), Later()
    first = turn(product).outputs
    canary, left = first["release"]["canary"], first["replay"]
    assert canary is not None and left["decision"] == "keep"
    assert left["reason_code"] == "readout.metric_open" and left["metric"]["missing"]
    with closing(Store.open(product, clock=clock)) as store, Server(store, product) as url:
        states = asked(url, [f"user {i}" for i in range(300)])
        paid = [user for i, user in enumerate(states) if states[user] == "canary" or i % 4 == 0]
        bought(url, [(user, 10 + i % 3) for i, user in enumerate(paid)])
    clock.days = 3.1
    second = turn(product, clock=clock)
    assert "replay" in second.ran and not {"data", "train", "compress"} & set(second.ran)
    replay = second.outputs["replay"]
    assert (replay["decision"], replay["live"]) == ("promote", canary)
    assert replay["metric"]["difference"]["low"] > 0
    page = second.report.read_text(encoding="utf-8")
    assert "revenue a user, within 3 days" in page and "Relative lift: +" in page
    assert "revenue a user is not lower" in page
    with closing(Store.open(product)) as store:
        measures = store.measures.of(replay["experiment"])
    assert "conversion_log_lift" in measures and "quality_difference" in measures
