"""Personal data planted between neighbours of every script, and look-alikes; hostile texts; speed.

`python bench/privacy.py [--quick]`. Speed is a ratio to one regular expression over the same texts.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable, Sequence

from common import ROOT, machine, save

from steelyard.tasks.cleaning import clean
from steelyard.tasks.masking import mask

sys.path.insert(0, str(ROOT))
from tests.tasks.plants import KINDS, SCRIPTS, look_alike, plant, score

# The usual way: every kind an alternative, a match that fails its check is put back whole.
SINGLE = re.compile(
    r"(?P<EMAIL>(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![A-Za-z0-9]))"
    r"|(?P<IP>(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9]|\.[0-9]))"
    r"|(?P<ID>(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z]))"
    r"|(?P<PHONE>(?<![0-9A-Za-z])(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}(?![0-9A-Za-z]))"
    r"|(?P<CARD>(?<![0-9A-Za-z])[0-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z]))"
)
HOSTILE = {
    "digits": "1",
    "phones": "13812345678",
    "at": "@",
    "a.a.a.a@": "a.a.a.a@",
    "letters": "a",
    "dots": "a.",
    "single digits": "1 ",
    "groups of four": "1234 ",
    "cards": "4111111111111111",
    "ids": "11010519491231002X",
    "decimals": "1.",
    "addresses": "1.2.3.4.5",
    "marks": "a\u0301\u0316",
}


def main() -> None:
    quick = "--quick" in sys.argv
    plants, size, texts = (500, 50_000, 2_000) if quick else (5_000, 400_000, 50_000)
    state, r = machine(), random.Random(0)
    planted = [plant(r, kind) for kind in KINDS for _ in range(plants)]
    like = [look_alike(r) for _ in range(len(planted))]
    short = [_ordinary(r) for _ in range(texts)]
    ours, single = _seconds(mask, short), _seconds(lambda t: SINGLE.sub("", t), short)
    growth = {name: round(_growth(shred, size), 2) for name, shred in HOSTILE.items()}
    figures = {
        "neighbours": len(SCRIPTS),
        "look_alikes": len(like),
        **{
            kind: {k: round(v, 5) for k, v in of.items()}
            for kind, of in score(planted + like).items()
        },
        "texts_per_cpu_second": round(len(short) / ours),
        "time_against_one_regular_expression": round(ours / single, 2),
        f"growth_from_{size // 2:,}_to_{size:,}_characters": growth,
    }
    save("privacy", "python bench/privacy.py", figures, state)


def _ordinary(r: random.Random) -> str:
    """A text of some fifty characters, now and then with a number in it."""
    body = "".join(r.choice(SCRIPTS["han"]) for _ in range(r.randint(10, 90)))
    return body + r.choice(("", "", "", "2024-01-01", "99.9", "13812345678", "12345678", "a@b.cn"))


def _growth(shred: str, size: int) -> float:
    """Time of the whole over time of its half: two is linear, four would be quadratic."""
    text = shred * (size // len(shred))
    return _seconds(clean, [text]) / _seconds(clean, [text[: len(text) // 2]])


def _seconds(do: Callable[[str], object], texts: Sequence[str]) -> float:
    least = float("inf")
    for _ in range(3):
        before = time.thread_time()
        for text in texts:
            do(text)
        least = min(least, time.thread_time() - before)
    return least


if __name__ == "__main__":
    main()
