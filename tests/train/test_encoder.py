"""The encoder is loaded and trimmed once for all trainings, and gives each the same numbers."""

from contextlib import closing

import torch
from tests.conftest import reviews

from steelyard.engine.backbone import load_backbone, open_backbone, save_backbone
from steelyard.engine.vocabulary import trim
from steelyard.loop import turn
from steelyard.methods import encoder as module
from steelyard.methods.encoder import encoder_of
from steelyard.spec import load
from steelyard.store import Store


def test_a_trimmed_encoder_is_made_once_and_again_when_it_is_damaged(product_file, monkeypatch):
    text = product_file.read_text(encoding="utf-8").replace(
        "train:\n", "train:\n  vocabulary: trimmed\n"
    )
    product_file.write_text(text, encoding="utf-8")
    product = load(product_file)
    dataset = turn(product, until="data").outputs["data"]["dataset"]
    trims = []
    monkeypatch.setattr(module, "trim", lambda *a: trims.append(1) or trim(*a))
    with closing(Store.open(product)) as store:
        made = encoder_of(store, product, dataset=dataset)
        assert encoder_of(store, product, dataset=dataset) == made and len(trims) == 1
        weights = made.folder / "model.safetensors"
        body = bytearray(weights.read_bytes())
        body[-1] ^= 1
        weights.write_bytes(body)
        assert encoder_of(store, product, dataset=dataset) == made and len(trims) == 2


def test_a_saved_encoder_computes_what_the_loaded_one_did(encoder, tmp_path):
    before = load_backbone((str(encoder),), cache=tmp_path)
    (tmp_path / "saved").mkdir()
    after = trim(before, [r["text"] for r in reviews(40)], tmp_path / "saved")
    save_backbone(after, tmp_path / "saved")
    again = open_backbone(tmp_path / "saved", "test")
    ids = torch.arange(12)[None]
    with torch.inference_mode():
        first = after.module.eval()(input_ids=ids)[0]
        second = again.module.eval()(input_ids=ids)[0]
    assert (
        torch.equal(first, second)
        and again.module.config.vocab_size == after.module.config.vocab_size
    )
