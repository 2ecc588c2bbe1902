"""A product with a launch page and a measured live release, for every task: what its tests need."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from steelyard.clock import Clock
from steelyard.engine.evaluate import evaluate
from steelyard.engine.fit import Examples
from steelyard.methods import FitJob, method_named
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.spec.model import Train
from steelyard.store import Store
from steelyard.tasks import task_of
from tests.conftest import reviews, write_jsonl
from tests.pages import parsed
from tests.serving import call, release

URL = "https://shop.example/tools/"
PAGE = """\
  title: {en: Tone of reviews, zh: 评论语气}
  summary: {en: Tells which reviews of your shop need a person today., zh: 告诉您今天店铺里的哪些评论需要人来处理。}
  points:
    - {en: Chinese and English in one model., zh: 同一个模型读懂中文和英文。}
    - {en: "Answers within milliseconds, on a plain server.", zh: 毫秒级回答，只需普通服务器。}
    - {en: Every figure on this page is measured., zh: 本页的每个数字都是实测所得。}
  plans:
    trial: {name: {en: Trial, zh: 试用}}
    shop:
      name: {en: Shop, zh: 店铺}
      includes: [{en: Answers by e-mail within a day, zh: 一天内邮件答复}]
    use: {name: {en: By use, zh: 按量}}
  contact: hello@shop.example
"""
TASKS = {
    "text_classification": "labels: [negative, positive]",
    "token_classification": "entities: [person, place]",
    "image_classification": "labels: [dark, light]",
    "reply": "length_max: 100",
    "rent": "tolerance: 10",
}
# A line of `money`; a plan that the page does not name is not on it.
PLANS = """\
{trial: {a_month: 0, requests: 1000}, hidden: {a_month: 7},
    shop: {a_month: 199, requests: 50000}, use: {a_request: 0.0045}}"""
PRODUCT = """\
product: {name}
task: {{name: {task}, {options}}}
money:
  currency: CNY
  prices: {{label: 0.30, cpu_hour: 0.35}}
  plans: {plans}
  correct_answer: 0.01
data:
  sources: [{{path: reviews.jsonl, reader: jsonl, label: label, id: id}}]
"""


def product(
    folder: Path,
    *,
    task: str = "text_classification",
    page: str = PAGE,
    url: str = "",
    plans: str = PLANS,
):
    """A product file; `page` are lines of `market.page`, empty for none."""
    folder.mkdir(exist_ok=True)
    write_jsonl(folder / "reviews.jsonl", reviews(20))
    named = task.replace("_", "-")
    text = PRODUCT.format(name=named, task=task, options=TASKS[task], plans=plans)
    if page:
        lines = page + (f"  url: {url}\n" if url else "")
        text += "market:\n  page:\n" + "".join(f"  {line}\n" for line in lines.splitlines())
    path = folder / "product.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def examples(task, *, seed: int = 0) -> Examples:
    """Generated reviews for the labels of texts, else what the task itself shows."""
    if task.name == "text_classification":
        rows = reviews(300, seed=seed)
        return Examples([r["text"] for r in rows], [r["label"] for r in rows])
    pairs = task.contract_examples()
    return Examples([task.decode(v) for v, _ in pairs], [truth for _, truth in pairs])


def publish(store, task, *, seed: int = 0, name: str = "baseline") -> str:
    """A variant of the task's cheapest method, with its measures on a hold-out."""
    job = FitJob(task, Train(seed=seed), examples(task, seed=seed), folder=Path(), clock=Clock())
    fitted, held = method_named(task.methods[0]).fit(job), examples(task, seed=seed + 1)
    evaluation = evaluate(task, fitted.answers(held.contents), held.truths)
    with store.artifacts.draft() as draft:
        fitted.save(draft)
        (draft / "card.json").write_text(json.dumps({"name": name}), encoding="utf-8")
        identity = store.artifacts.publish(draft)

    def work(step):
        if not store.versions.all():
            step.add(
                "dataset",
                id="d",
                product=store.product,
                version=3,
                tag="d",
                sources=[],
                recipe={},
                counts=[],
            )
        step.add(
            "variant",
            id=identity,
            name=name,
            task=task.name,
            parent=None,
            dataset="d",
            bytes=1,
            card={},
        )
        for metric, i in evaluation.metrics.items():
            detail = evaluation.of_measure(metric, ())
            step.measure(
                identity,
                metric,
                i.value,
                low=i.low,
                high=i.high,
                n=i.n,
                on="holdout of d",
                detail=detail,
            )
        return {}

    store.step(store.begin_turn("t"), "publish", identity, work, cpu_price=0)
    return identity


@contextmanager
def launched(folder: Path, *, key: str | None = None, live: bool = True, **said):
    """(address, store, product) of a server with the page."""
    file = product(folder, **said)
    store = Store.open(file)
    try:
        if live:
            release(store, publish(store, task_of(file)), "live")
        with Server(store, file, key=key) as address:
            yield address, store, file
    finally:
        store.close()


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def visit(address: str, path: str = "/", **headers: str):
    """(status, page as elements, headers)."""
    status, body, told = call(address, "GET", path, headers=headers)
    return status, parsed(body), told


def demo(address: str, content: str, *, language: str = "en", **headers: str):
    """(status, page as elements, headers) of a text that is asked."""
    body = urlencode({"content": content}).encode()
    status, page, told = call(address, "POST", f"/demo?lang={language}", body, FORM | headers)
    return status, parsed(page), told


def upload(address: str, content: bytes, *, boundary: str = "a-boundary"):
    """The same of a file."""
    head = 'Content-Disposition: form-data; name="content"; filename="p.png"\r\nContent-Type: image/png'
    body = f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    status, page, told = call(address, "POST", "/demo", body, kind)
    return status, parsed(page), told
