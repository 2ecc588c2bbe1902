"""Only the store knows where its files lie: everybody else asks its nouns."""

import ast

import pytest
from tests.words.test_source import trees

from steelyard.store.place import FILES, FOLDERS

SAID = {"api/whole.py": "root_of"}  # where the store lies is told to the user
VERBS = {"storage", "hashed", "versions", "lock", "artifacts", "datasets", "reports", "made"}
LOCKS = {"train/worker.py": "lock"}  # of a job's own folder


def outside():
    return {name: tree for name, tree in trees().items() if not name.startswith("store/")}


def imports(tree):
    """(module of the store, name) of everything that a file takes from inside it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("steelyard.store."):
            yield from ((node.module.split(".")[2], alias.name) for alias in node.names)


def roots(tree):
    """Every `store.root`, `self.store.root`, `run.store.artifacts.root` and the like."""
    nouns = {"store", "_store", "artifacts", "datasets", "reports", "scratch", "encoders"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("root", "local", "storage"):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if name in nouns:
                yield ast.unparse(node)


def joins(tree):
    """Paths that end in a folder or a file of a store."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            last = node.right.value if isinstance(node.right, ast.Constant) else None
            if isinstance(last, str) and last.split("/")[0] in (*FOLDERS, *FILES):
                yield ast.unparse(node)


def test_nobody_outside_asks_for_a_folder_of_the_store_or_joins_a_path_under_it():
    assert {n: [*roots(t), *joins(t)] for n, t in outside().items() if [*roots(t), *joins(t)]} == {}


def test_nobody_outside_takes_the_verbs_of_storage_or_the_place_of_a_store_but_to_tell_it():
    for name, tree in outside().items():
        for module, what in imports(tree):
            assert module not in VERBS or LOCKS.get(name) == module, (name, module)
            assert what != "root_of" or SAID.get(name) == what, name


@pytest.mark.parametrize("name", SAID)
def test_where_the_place_is_told_it_is_only_made_a_text(name):
    tree = trees()[name]
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    told = [c for c in calls if getattr(c.func, "id", "") == "root_of"]
    texts = [c.args[0] for c in calls if getattr(c.func, "id", "") == "str" and c.args]
    assert told and all(one in texts for one in told)


@pytest.mark.parametrize(
    "source",
    [
        "folder = run.store.root / 'x'",
        "x = store.artifacts.storage.local",
        "path = base / 'reports'",
        "path = anything() / 'scratch/encoders'",
    ],
)
def test_the_look_sees_what_it_forbids(source):
    assert [*roots(ast.parse(source)), *joins(ast.parse(source))]


def test_one_function_says_which_storage_a_store_has():
    """The nouns of a store name no kind of storage: another kind is chosen in one place."""
    makers = {
        name: [n for n in ast.walk(tree) if getattr(getattr(n, "func", None), "id", "") == "Local"]
        for name, tree in trees().items()
    }
    assert {name for name, calls in makers.items() if calls} == {
        "store/storage.py",
        "store/made.py",
    }
    assert len(makers["store/storage.py"]) == 1
