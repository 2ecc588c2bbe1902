"""The simulated market of the example: the same for a seed, in the books to the nano, and called what it is."""

import importlib.util
import json
import re
import sys
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.conftest import PRODUCT, reviews, write_jsonl
from tests.market.companies import QUICK
from typer.testing import CliRunner

from steelyard.api.market import import_file
from steelyard.api.measuring import fit_mix
from steelyard.api.statement import BY, statement
from steelyard.cli.commands import app
from steelyard.spec import load
from steelyard.store import Store, tables

ROOT = Path(__file__).parents[2]
KINDS = ("spend", "visits", "customers", "sales", "invoices")
BEFORE = date(2026, 10, 28)
SAID = {"en": "simulated market", "zh": "模拟市场"}


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location(
        "reviews_market", ROOT / "examples/reviews/market.py"
    )
    module = sys.modules["reviews_market"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["reviews_market"]


@pytest.fixture(scope="module")
def files(generator, tmp_path_factory):
    made = generator.write(tmp_path_factory.mktemp("market"), seed=7, before=BEFORE)
    return {path.stem.rpartition("-")[2]: path for path in made}


def _book(path, files):
    write_jsonl(path.parent / "reviews.jsonl", reviews(10))
    text = PRODUCT.format(encoder="x/y") + "market: {time_zone: Asia/Shanghai, simulated: true}\n"
    path.write_text(text, encoding="utf-8")
    shop = load(path)
    booked = {kind: import_file(shop, files[kind], kind=kind)["booked"] for kind in KINDS}
    return shop, booked


@pytest.fixture(scope="module")
def books(files, tmp_path_factory):
    """The product file whose ledger has every file, and what each import said."""
    shop, booked = _book(tmp_path_factory.mktemp("shop") / "product.yaml", files)
    fit_mix(shop, settings=QUICK)
    return shop, booked


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(generator, files, tmp_path):
    again = generator.write(tmp_path / "again", seed=7, before=BEFORE)
    other = generator.write(tmp_path / "other", seed=8, before=BEFORE)
    whole = {path.name: path.read_bytes() for path in files.values()}
    assert whole == {path.name: path.read_bytes() for path in again}
    assert whole.keys() == {path.name for path in other}
    assert whole["simulated-market-sales.csv"] not in {path.read_bytes() for path in other}


def test_nothing_is_of_the_day_where_the_files_end_or_of_a_later_one(files):
    for path in files.values():
        rows = path.read_text(encoding="utf-8").splitlines()[1:]
        days = [day for row in rows for day in re.findall(r"(?:^|,)(\d{4}-\d\d-\d\d)(?=,)", row)]
        assert rows and max(days) < BEFORE.isoformat(), path.name


def test_files_that_end_later_say_the_same_of_the_days_that_both_have(generator, files, tmp_path):
    shop, _ = _book(tmp_path / "product.yaml", files)
    later = generator.write(tmp_path / "later", seed=7, before=date(2026, 11, 20))
    for path in later:
        booked = import_file(shop, path, kind=path.stem.rpartition("-")[2])["booked"]
        assert booked["known"] > 0 and booked["new"] > 0 and booked["corrected"] == 0


def test_every_file_has_its_own_kind_and_is_booked_whole(files, books):
    for kind, booked in books[1].items():
        rows = len(files[kind].read_text(encoding="utf-8").splitlines()) - 1
        assert (booked["new"], booked["known"], booked["corrected"]) == (rows, 0, 0), kind


def test_every_file_and_every_row_that_has_room_for_it_says_what_it_is(files):
    for kind in ("spend", "visits", "invoices"):
        rows = files[kind].read_text(encoding="utf-8").splitlines()[1:]
        assert all("simulated market" in row for row in rows), kind
    for kind in ("customers", "sales"):
        rows = files[kind].read_text(encoding="utf-8").splitlines()[1:]
        assert all("@simulated-market.example" in row for row in rows), kind
    assert all(path.name.startswith("simulated-market-") for path in files.values())


@pytest.mark.parametrize("by", BY)
def test_the_statement_is_the_ledger_however_it_is_parted(books, by):
    facts = statement(books[0], by=by)
    with closing(Store.open(books[0])) as store:
        rows = store.database.rows(tables.entry.select())
        store.ledger.verify()
    whole = Decimal(sum(row["nano"] for row in rows)) / 10**9
    assert Decimal(facts["total"]["profit"]) == whole
    assert sum(Decimal(row["profit"]) for row in facts["rows"]) == whole
    assert facts["simulated"] is True


def test_an_invoice_that_covers_the_cpu_is_in_each_month(files):
    rows = files["invoices"].read_text(encoding="utf-8").splitlines()[1:]
    assert len([row for row in rows if ",cpu," in row]) == len(rows) / 2 == 24


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "command",
    [
        "market show",
        "market fit",
        "market partners",
        "statement --by channel",
        "statement --csv",
        "economics",
        "ledger show",
        "ledger lines --account invoice.rent",
        "market test search --lift 0.5 --dry-run",
    ],
)
def test_what_shows_a_figure_of_it_says_that_it_is_simulated(books, command, language, monkeypatch):
    monkeypatch.setenv("STEELYARD_LANGUAGE", language)
    monkeypatch.setenv("COLUMNS", "160")
    done = CliRunner().invoke(app, [*command.split(), str(books[0].path)])
    assert done.exit_code == 0, done.output
    assert SAID[language] in done.output


def test_an_import_of_it_says_so_too(books, files):
    words = ["market", "import", str(files["spend"]), str(books[0].path), "--dry-run"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0 and "(simulated market)" in done.output


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_of_its_mix_says_so_in_its_title(books, tmp_path, language):
    page = tmp_path / "mix.html"
    words = ["market", "show", str(books[0].path), "--html", str(page), "--language", language]
    assert CliRunner().invoke(app, words).exit_code == 0
    title = re.search("<title>(.*?)</title>", page.read_text(encoding="utf-8"))[1]
    assert SAID[language] in title


@pytest.mark.parametrize("command", ["market show", "market fit", "statement", "economics"])
def test_json_of_it_says_so(books, command):
    done = CliRunner().invoke(app, [*command.split(), str(books[0].path), "--json"])
    assert json.loads(done.stdout)["simulated"] is True


def test_a_real_market_is_called_nothing(shop):
    with closing(Store.open(shop)):
        pass
    done = CliRunner().invoke(app, ["statement", str(shop.path)])
    assert done.exit_code == 0 and "simulated" not in done.output


def test_the_demo_of_the_repository_says_it_and_the_template_has_no_market():
    assert load(ROOT / "examples/reviews/product.yaml").spec.market.simulated
    template = (ROOT / "src/steelyard/cli/templates/reviews.yaml").read_text(encoding="utf-8")
    assert "simulated" not in template
