"""Product files of the tasks in tests/stranger, and data for the one that writes replies."""

from __future__ import annotations

import json
import random

FILE = """\
product: strange
task: {task}
goals: {{p95_ms: 500}}
money: {{currency: CNY, prices: {{label: 0.3, cpu_hour: 0.35}}, correct_answer: 0.01}}
data:
  sources: [{{path: data.jsonl, reader: jsonl, label: right, id: id}}]
  split: {{holdout: 0.2, stream: 0.3}}
label: {{start: 120}}
{train}
release: {{replay: 60}}
plan: {{unit: 30, requests: 100000, curve: [0.3, 0.6]}}
"""
REPLIES = {
    "hello": "hello, how can I help?",
    "你好": "您好，请讲",
    "refund": "退款三天内到账",
    "bye": "再见",
}
WORDS = ["parcel", "颜色", "物流", "broken", "下周", "客服", "please"]


def written(tmp_path, task, rows, train=""):
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "data.jsonl").write_text(lines, encoding="utf-8")
    path = tmp_path / "product.yaml"
    path.write_text(FILE.format(task=task, train=train), encoding="utf-8")
    return path


def replies(n=500):
    rng = random.Random(0)
    for i in range(n):
        word = rng.choice([*REPLIES, "hello"])
        yield {"id": f"r{i}", "text": f"{word} {rng.choice(WORDS)} {i}", "right": REPLIES[word]}
