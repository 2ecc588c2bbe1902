"""The launch page in a browser: its weight, what axe finds, and requests to other hosts.

`python bench/launch.py --axe node_modules/axe-core/axe.min.js [--chromium PATH] [--pictures FOLDER]`
The script comes with `npm install axe-core`, in a folder outside this repository.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from browser import Browser
from common import ROOT, machine, save

sys.path.insert(0, str(ROOT))
from tests.launching import PAGE, URL, demo, launched
from tests.serving import call

ROUNDS = 50
SEVERITIES = ("critical", "serious", "moderate", "minor")
ASKED = {
    "text_classification": {"en": "great, would buy again", "zh": "太差了，包装破损，要退货"},
    "token_classification": {"en": "这个很好，用了一周 0", "zh": "这个满意，用了一周 2"},
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--axe", type=Path, required=True, help="axe.min.js: npm install axe-core")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--pictures", type=Path, help="folder for a picture of each page")
    given, state = parser.parse_args(), machine()
    axe = given.axe.read_text(encoding="utf-8")
    pages: dict[str, Any] = {}
    took: dict[str, Any] = {}
    with Browser(given.chromium) as browser:
        for task in (*ASKED, "image_classification"):
            folder = Path(tempfile.mkdtemp())
            page = PAGE + "  demo: {per_client: 10000, overall: 10000}\n"
            with launched(folder, task=task, url=URL, page=page) as (address, _, _):
                pages |= _looked_at(browser, address, task, axe, given.pictures)
                if task in ASKED:
                    took[task] = _took(address, ASKED[task]["en"])
        _check(browser, axe)
    worst = {one: max(page[one] for page in pages.values()) for one in SEVERITIES}
    figures = {
        "pages": pages,
        "heaviest_bytes": max(page["bytes"] for page in pages.values()),
        "requests_to_other_hosts": sum(page["other_hosts"] for page in pages.values()),
        "axe_most_on_a_page": worst,
        "axe_version": axe[:200].partition("axe v")[2].split()[0],
        "milliseconds_median": took,
    }
    save("launch", "python bench/launch.py --axe axe.min.js", figures, state)


def _looked_at(
    browser: Browser, address: str, task: str, axe: str, pictures: Path | None
) -> dict[str, Any]:
    """Each page, and the same with an answer and with a refusal: of every figure the largest."""
    found = {}
    for language in ("en", "zh"):
        for width in (390, 1280):
            for dark in (False, True):
                name = f"{task} {language} {width} {'dark' if dark else 'light'}"
                browser.open(f"{address}/", width=width, language=language, dark=dark)
                states = [_facts(browser, address, axe)]
                # a question that cannot be read, and one that can
                for text in ("", ASKED[task][language]) if task in ASKED else ():
                    _ask(browser, text)
                    states.append(_facts(browser, address, axe))
                found[name] = {k: max(state[k] for state in states) for k in states[0]}
                if pictures:
                    pictures.mkdir(exist_ok=True)
                    browser.picture(pictures / f"{name.replace(' ', '-')}.png")
    return found


def _check(browser: Browser, axe: str) -> None:
    """That axe would have found something."""
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\">')")
    seen = browser.run(axe + "; axe.run().then(r => r.violations.map(v => v.id))")
    assert "image-alt" in seen, seen


def _took(address: str, text: str) -> dict[str, float]:
    """Milliseconds until the whole page is there, with a new connection for each."""
    asked = {"page": lambda: call(address, "GET", "/"), "demo": lambda: demo(address, text)}
    return {name: round(_median_ms(one), 1) for name, one in asked.items()}


def _median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        before = time.perf_counter()
        work()
        times.append((time.perf_counter() - before) * 1000)
    return statistics.median(times)


def _ask(browser: Browser, text: str) -> None:
    browser.events.clear()
    browser.run(f"document.querySelector('textarea').value = {text!r}; document.forms[0].submit()")
    browser.loaded()
    expected = ".said, .marked" if text else ".problem"
    assert browser.run(f"document.querySelector({expected!r}) !== null"), "no answer"


def _facts(browser: Browser, address: str, axe: str) -> dict[str, int]:
    asked, size = browser.requests(), browser.bytes()
    hosts = [urlsplit(url).netloc for url in asked if not url.startswith("data:")]
    browser.run(axe + "; 1")
    seen = browser.run("axe.run().then(r => r.violations.map(v => [v.impact, v.id]))")
    for impact, rule in seen:
        print(f"axe: {impact} {rule}", file=sys.stderr)
    by_severity = Counter(impact for impact, _ in seen)
    wide = browser.run("document.documentElement.scrollWidth - innerWidth")
    return {
        "bytes": size,
        "requests": len(hosts),
        "other_hosts": sum(host != urlsplit(address).netloc for host in hosts),
        "pixels_too_wide": max(0, wide),
        **{one: by_severity[one] for one in SEVERITIES},
    }


if __name__ == "__main__":
    main()
