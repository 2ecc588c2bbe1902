"""What the tests of releases share: two variants in service, a stream, one replay step of a turn."""

from __future__ import annotations

import pyarrow as pa
from tests.conftest import reviews
from tests.serving import call, publish, release

from steelyard.as_json import to_json
from steelyard.release import experiment
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.spec.pricing import MoneySpec
from steelyard.store.budgets import Budgets
from steelyard.tasks import open_task
from steelyard.tasks.valuation import Valuation

LABELS = ("negative", "positive")


def task():
    return open_task("text_classification", {"labels": LABELS})


def valuation(money=None):
    """What its answers are worth; by `money.values` where a test gives them."""
    prices = {"label": 0, "cpu_hour": 0}
    plain = {"currency": "CNY", "correct_answer": "0.01", "prices": prices}
    return Valuation(task(), MoneySpec.model_validate({**plain, **(money or {})}))


def published_records(store, *, stream=200, holdout=0, tag="d"):
    """Labelled records that were never trained on, as the data stage leaves them."""
    rows = reviews(stream + holdout, seed=8)
    table = pa.table(
        {
            "id": [r["id"] for r in rows],
            "content": [r["text"] for r in rows],
            "label": [r["label"] for r in rows],
            "split": ["stream"] * stream + ["holdout"] * holdout,
        }
    )
    store.datasets.publish("records", table, tag=tag)


def edit(product_file, *changes):
    """The product file with words replaced, each of which must be there."""
    text = product_file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    product_file.write_text(text, encoding="utf-8")


def pair_in_service(store, *, flip=False, share=0.5):
    live, canary = publish(store), publish(store, seed=3, name="new", flip=flip)
    release(store, live, "live")
    release(store, canary, "canary", share)
    return {"live": live, "canary": canary}


def canary_of(store, product_file, *, flip, loss_max, replay=100, look_every=20, stream=200):
    """A pair in service, a stream, and the rule of the product file."""
    pair = pair_in_service(store, flip=flip)
    published_records(store, stream=stream)
    edit(
        product_file,
        ("outcome_loss_max: 0.5", f"outcome_loss_max: {loss_max}"),
        ("replay: 60,", f"replay: {replay}, look_every: {look_every},"),
    )
    return pair


def replayed(store, product_file, pair, *, turn, key, serve=None):
    """One replay step of a turn, as the loop runs it."""
    product = load(product_file)

    def work(step):
        left = experiment.run(
            store,
            product,
            step,
            dataset="d",
            **pair,
            task=task(),
            serve=serve or (lambda key: Server(store, product, key=key)),
        )
        return to_json(left)

    budgets = Budgets(store.ledger, product.spec.money, store.clock.now)
    output, _ = store.step(turn, "replay", f"{key:0>16}", work, cpu_price=0, budgets=budgets)
    return output


def ask(url, row, user):
    """One real user's request; the id of its answer and the state that answered."""
    status, body, _ = call(url, "POST", "/v1/predict", {"input": row["text"], "user": user})
    assert status == 200, body
    return body["answers"][0], body["state"]


def tell(url, answer, truth):
    body = {"answer_id": answer["answer_id"], "kind": "outcome", "value": truth}
    status, said, _ = call(url, "POST", "/v1/feedback", body)
    assert status == 200, said
