"""kill -9 at every boundary of a turn and inside its long steps: the same sums, the same choice."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.conftest import PRODUCT, reviews, write_jsonl

from steelyard.spec import load
from steelyard.stage import names
from steelyard.store import Store, tables
from steelyard.store.ledger import verify

ROOT = Path(__file__).parents[2]
# In the order in which a turn comes by; each attempt continues the one before.
INSIDE = {
    "data": ["commit:data"],
    "label": ["commit:label"],
    "baseline": ["commit:baseline"],
    "train": ["train:7", "train:16", "commit:train"],
    "compress": ["building variants:1", "measuring quality:2", "commit:compress"],
    "replay": ["records to both variants:25", "commit:replay", "end:replay"],
    "curve": ["curve 60:5"],
    "plan": ["end:plan"],
}
KILLS = [at for name in names() for at in (f"begin:{name}", *INSIDE.get(name, []))]


def make(folder: Path, encoder: Path) -> Path:
    folder.mkdir()
    write_jsonl(folder / "reviews.jsonl", reviews(600))
    # A second costs a whole number of nano-units, and every request is a batch of its own, so
    # that sums are comparable to the last digit.
    text = PRODUCT.format(encoder=encoder).replace("cpu_hour: 0.35", "cpu_hour: 0.36")
    text += "serve: {batch_tokens: 1, batch_wait_ms: 0}\n"
    # three looks, none of which is sure: the experiment sends all its requests
    text = text.replace("replay: 60,", "replay: 60, look_every: 20,")
    text = text.replace("outcome_loss_max: 0.5", "outcome_loss_max: 0.0001, confidence: 0.99999")
    # as good as the baseline, or no user would meet it
    text = text.replace("epochs: 3", "epochs: 14").replace(
        "learning_rate: 3.0e-3", "learning_rate: 5.0e-3"
    )
    (folder / "product.yaml").write_text(text, encoding="utf-8")
    (folder / ".steelyard").mkdir()
    (folder / ".steelyard" / "salt").write_text("00" * 16)  # the same users on the same arms
    return folder / "product.yaml"


def run(product: Path, at: str) -> int:
    command = [sys.executable, "-m", "tests.faults.driver", str(product), at]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, timeout=300, check=False).returncode


def facts(product: Path) -> dict:
    """Everything that must not depend on how often the turn was killed."""
    with closing(Store.open(load(product))) as store:
        with store.database.read() as connection:
            verify(connection)
        steps = store.database.rows(sa.select(tables.step))
        output = {row["name"]: row["output"] for row in steps}
        return {
            "sums": {r["account"]: r["nano"] for r in store.ledger.sums()},
            "chosen": output["compress"]["chosen"],
            "trained": output["train"]["variant"],
            "decision": output["replay"]["decision"],
            "plan": output["plan"]["plan"]["recommendation"],
            "steps": sorted(row["name"] for row in steps),
            "turns": len(store.database.rows(sa.select(tables.turn))),
            "answers": len(store.database.rows(sa.select(tables.answer.c.id))),
            "releases": [(r["variant"], r["state"]) for r in store.releases.current()],
        }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, encoder) -> Path:
    """A product after one turn that nobody disturbed."""
    product = make(tmp_path_factory.mktemp("whole") / "p", encoder)
    assert run(product, "never") == 0
    return product


@pytest.fixture(scope="module")
def whole(undisturbed) -> dict:
    return facts(undisturbed)


def test_a_turn_killed_at_every_boundary_and_inside_steps_pays_once_and_chooses_the_same(
    whole, tmp_path, encoder
):
    product = make(tmp_path / "p", encoder)
    for at in KILLS:
        code = run(product, at)
        assert code == -signal.SIGKILL, f"{at} was never reached (exit {code})"
    assert run(product, "never") == 0
    found = facts(product)
    sums, expected = found["sums"], whole["sums"]
    assert {k: (sums.get(k), v) for k, v in expected.items() if sums.get(k) != v} == {}
    # attempts that were killed have a line of their own, and nothing else differs
    assert sums.pop("cpu.failed") < 0 and "cpu.failed" not in expected
    assert found == whole
    assert found["sums"]["label"] == -60 * 10**9 and found["answers"] == 120


def test_a_second_turn_pays_only_for_its_decisions_and_for_the_requests_it_sends(
    undisturbed, whole, tmp_path
):
    product = shutil.copytree(undisturbed.parent, tmp_path / "p") / undisturbed.name
    assert run(product, "end:replay") == -signal.SIGKILL  # an experiment that goes on, killed
    assert run(product, "never") == 0
    before, after = whole, facts(product)
    assert before["decision"] == "keep" and (before["answers"], after["answers"]) == (120, 240)
    own = {"cpu.release", "cpu.market", "cpu.plan", "cpu.replay", "cpu.serve", "value.correct"}
    own |= {"cpu.failed", "label.replay"}  # the attempt that was killed; records not sent before
    paid = {k: v for k, v in after["sums"].items() if k not in own}
    assert paid == {k: v for k, v in before["sums"].items() if k not in own}
