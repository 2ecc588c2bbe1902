"""The launch page in a browser: its weight, what axe finds, and requests to other hosts.

`python bench/launch.py --axe node_modules/axe-core/axe.min.js [--chromium PATH] [--pictures FOLDER]`
The script comes with `npm install axe-core`, in a folder outside this repository.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from browser import Browser
from common import ROOT, machine, save

sys.path.insert(0, str(ROOT))
from tests.launching import URL, launched

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
    with Browser(given.chromium) as browser:
        for task in ASKED:
            folder = Path(tempfile.mkdtemp())
            with launched(folder, task=task, url=URL) as (address, _, _):
                pages |= _looked_at(browser, address, task, axe, given.pictures)
    worst = {one: max(page[one] for page in pages.values()) for one in SEVERITIES}
    figures = {
        "pages": pages,
        "heaviest_bytes": max(page["bytes"] for page in pages.values()),
        "requests_to_other_hosts": sum(page["other_hosts"] for page in pages.values()),
        "axe_most_on_a_page": worst,
        "axe_version": browser_version(axe),
    }
    save("launch", "python bench/launch.py --axe axe.min.js", figures, state)


def browser_version(axe: str) -> str:
    return axe[:200].partition("axe v")[2].split()[0]


def _looked_at(
    browser: Browser, address: str, task: str, axe: str, pictures: Path | None
) -> dict[str, Any]:
    """Each page with an answer on it, which holds whatever the one before has."""
    found = {}
    for language in ("en", "zh"):
        for width in (390, 1280):
            for dark in (False, True):
                name = f"{task} {language} {width} {'dark' if dark else 'light'}"
                browser.open(f"{address}/", width=width, language=language, dark=dark)
                plain = _facts(browser, address, axe)
                _ask(browser, ASKED[task][language])
                answered = _facts(browser, address, axe)
                found[name] = {k: max(plain[k], answered[k]) for k in plain}
                if pictures:
                    pictures.mkdir(exist_ok=True)
                    browser.picture(pictures / f"{name.replace(' ', '-')}.png")
    return found


def _ask(browser: Browser, text: str) -> None:
    browser.events.clear()
    browser.run(f"document.querySelector('textarea').value = {text!r}; document.forms[0].submit()")
    browser.loaded()
    assert browser.run("document.querySelector('.said, .marked') !== null"), "no answer"


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
