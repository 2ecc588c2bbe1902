"""`import steelyard as sy` in a program of one's own: the same facts, and nothing of it is changed."""

import json
import subprocess
import sys

import pytest
from tests.release.common import canary_of

import steelyard as sy
from steelyard.errors import Missing
from steelyard.serve import Server
from steelyard.spec import load

HOST = """
import json, logging, os, signal, sys
before = dict(os.environ), signal.getsignal(signal.SIGINT), list(logging.root.handlers), sys.path[:]
import steelyard as sy
product = sy.open(sys.argv[1])
product.turn(until="label")
facts = product.estimate(), product.sums(), product.turns(), product.variants()
after = dict(os.environ), signal.getsignal(signal.SIGINT), list(logging.root.handlers), sys.path[:]
print(json.dumps({"same": before == after, "rich": "rich" in sys.modules, "typer": "typer" in sys.modules,
                  "lines": len(facts[1]), "turns": len(facts[2])}))
"""


def test_a_program_that_imports_it_keeps_its_environment_its_handlers_and_its_terminal(
    product_file,
):
    run = subprocess.run(
        [sys.executable, "-c", HOST, str(product_file)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "same": True,
        "rich": False,
        "typer": False,
        "lines": 4,
        "turns": 1,
    }
    assert run.stderr == ""


class Heard:
    """A watcher that keeps what it is told."""

    def __init__(self):
        self.said = []

    def begin(self, step):
        self.said.append(("begin", step))

    def advance(self, what, done, total, /):
        self.said.append(("advance", what))

    def end(self, step, output, *, ran):
        self.said.append(("end", step))


def test_a_watcher_of_ones_own_is_told_of_a_turn(product_file):
    heard = Heard()
    sy.open(str(product_file)).turn(until="data", watcher=heard)
    assert heard.said[0] == ("begin", "data") and heard.said[-1] == ("end", "data")


def test_a_watcher_of_ones_own_is_told_of_a_replay(store, product_file):
    product = sy.open(str(product_file))
    canary_of(store, product_file, flip=False, loss_max=0.02)
    replayed = Heard()
    with Server(store, load(product_file)) as url:
        found = product.replay(url=url, records=20, watcher=replayed)
    assert found["lost"] == 0 and ("advance", "records") in replayed.said


def test_a_replay_without_a_live_release_says_so(product_file):
    with pytest.raises(Missing, match="a live release"):
        sy.open(str(product_file)).replay(url="http://127.0.0.1:9")
