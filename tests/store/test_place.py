"""A ledger lies where the product file says, outlives its process, and `check` knows as much."""

import pytest
from tests.conftest import PRODUCT, reviews, write_jsonl

from steelyard.api.estimate import estimate
from steelyard.data.sources import fingerprint
from steelyard.errors import StoreError
from steelyard.spec import load
from steelyard.store import Store, check_ledger, has_ledger
from steelyard.store.place import ledger_url, root_of


def product(folder, extra):
    write_jsonl(folder / "reviews.jsonl", reviews(10))
    path = folder / "product.yaml"
    path.write_text(PRODUCT.format(encoder="x/y") + extra, encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("ledger: 'sqlite://'", "a database that outlives the command, found one in memory"),
        ("ledger: 'sqlite:///:memory:'", "found one in memory"),
        ("ledger: 'sqlite:///file:x?mode=memory&uri=true'", "found one in memory"),
        ("ledger: 'sqlite:///q?mark.db'", "found '?mark.db'; write %3F"),
        ("ledger: 'sqlite:////srv/q?a=1/led.db'", "found '?a'; write %3F"),
        ("ledger: 'sqlite:///file:x.db?uri=true'", "write sqlite:///x.db"),
        ("ledger: 'mysql://host/x'", "a sqlite: or postgresql: URL, found 'mysql:'"),
        ("ledger: led.db", "a database URL"),
        ("store: reviews.jsonl", "reviews.jsonl: expected a folder, found a file"),
        ('store: "a\\nb"', "a folder without control characters"),
    ],
)
def test_a_store_that_could_not_keep_its_money_is_refused_before_anything_is_made(
    tmp_path, extra, said
):
    file = product(tmp_path, extra + "\n")
    for opened in (has_ledger, Store.open, estimate):
        with pytest.raises(StoreError) as error:
            opened(file)
        assert said in str(error.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["product.yaml", "reviews.jsonl"]


def test_signs_that_a_url_gives_a_meaning_are_written_with_a_percent_sign(tmp_path):
    file = product(tmp_path, "ledger: 'sqlite:///a%3Fb%25c.db?timeout=9'\n")
    assert ledger_url(file, root_of(file)).database == str(tmp_path / "a?b%c.db")


def test_a_tilde_is_the_users_home_for_the_store_and_for_data(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    file = product(tmp_path, "store: ~/kept\n")
    assert root_of(file) == home / "kept"
    write_jsonl(home / "mine.jsonl", reviews(10))
    text = file.path.read_text(encoding="utf-8").replace(
        "path: reviews.jsonl", "path: ~/mine.jsonl"
    )
    file.path.write_text(text, encoding="utf-8")
    assert fingerprint(load(file.path).spec.data.sources[0], tmp_path)


def test_check_says_that_a_ledgers_server_does_not_answer_and_makes_nothing(tmp_path):
    url = "postgresql://u:secret@127.0.0.1:9/none"  # the port of discard: nobody listens
    file = product(tmp_path, f"ledger: {url}\n")
    told = [p for p in estimate(file)["problems"] if "ledger" in p]
    assert len(told) == 1 and "127.0.0.1" in told[0] and "secret" not in told[0]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["product.yaml", "reviews.jsonl"]


def test_a_ledgers_server_that_answers_is_no_problem(tmp_path, postgres_url):
    file = product(tmp_path, f"ledger: '{postgres_url}'\n")
    assert [p for p in estimate(file)["problems"] if "ledger" in p] == []
    check_ledger(file)
