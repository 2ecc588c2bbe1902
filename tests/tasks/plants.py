"""Texts with personal data planted between neighbours of every script, and look-alikes that are none.

Seeded, so that a run can be repeated. Example: `plant(random.Random(0), "PHONE").text`
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from steelyard.tasks.masking import spans

KINDS = ("PHONE", "ID", "CARD", "EMAIL", "IP")
_DIGITS = "0123456789"
SCRIPTS = {
    "han": "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也",
    "latin": string.ascii_letters,
    "latin_marks": "éèüñçößåøđłśž",
    "cyrillic": "абвгдежзийклмнопрстуфхцчшщыэюя",
    "greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "arabic_digits": "٠١٢٣٤٥٦٧٨٩",
    "hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "devanagari": "अआइईउऊकखगघचछजझटठडढणतथदधन",
    "thai": "กขคฆงจฉชซญฎฏฐณดตถทธนบปผ",
    "hangul": "가나다라마바사아자차카타파하",
    "kana": "あいうえおかきくけこアイウエオカキクケコ",
    "wide_letters": "ＡＢＣＤａｂｃｄＱｗｘ",
    "numerals": "一二三四五六七八九十①②③㈠Ⅳ²½",
    "emoji": "😀📞📱💳🏠❤️👍🎉",
    "ascii_marks": "!\"#$&'()*,/:;<=>?[]^`{|}~\\",
    "wide_marks": "，。！？：；（）【】《》、“”‘’…·￥～｜／",
    "spaces": " \t\u3000\u00a0",
}
# In front and behind, with what parts them: other people's numbers stand beside personal ones.
NUMBERS = (
    "2024-01-01 ",
    "2024/1/1 ",
    "20240101 ",
    "2024年1月1日",
    "12:30 ",
    "305 ",
    "1 ",
    "1、",
    "3) ",
    "No.7 ",
    "￥199 ",
    "99.9元",
    "1,999 ",
    "5-",
    "100% ",
    "共3件:",
    "2.5kg ",
    "#12 ",
    "88号",
    "v2.0.1 ",
    "1.",
    "12.",
    "Tel.",
)
NUMBERS_BEHIND = (
    " 2024-01-01",
    " 305",
    " 1",
    "、2",
    "，3件",
    " 99.9",
    "-5",
    "(12)",
    ":8080",
    "/24",
    "。2",
    "元旦",
    " 20240101",
    "的6",
    "#1",
    " 10:30",
    "~",
    "; 7",
    " 1.5",
    "  42",
)
LOOK_ALIKES: tuple[Callable[[random.Random], str], ...] = (
    lambda r: "订单SF" + _some(r, 13),
    lambda r: "单号JD" + _some(r, 13),
    lambda r: "YT" + _some(r, 13),
    lambda r: "20240" + _some(r, 1, "123456789") + "1" + _some(r, 1) + _some(r, 8),
    lambda r: "订单2023112" + _some(r, 1) + _some(r, 12),
    lambda r: _product(r, "978" + _some(r, 9)),
    lambda r: "ISBN 978-7-" + _some(r, 3) + "-" + _some(r, 5) + "-" + _some(r, 1),
    lambda r: _product(r, "69" + _some(r, 10)),
    lambda r: f"{r.randint(1900, 2099)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}",
    lambda r: (
        f"{r.randint(1900, 2099)}{r.randint(1, 12):02}{r.randint(1, 28):02}{r.randint(0, 23):02}3059"
    ),
    lambda r: str(r.randint(1_600_000_000, 1_799_999_999)),
    lambda r: str(r.randint(1_600_000_000_000, 1_799_999_999_999)),
    lambda r: f"￥{r.randint(1, 999)},{_some(r, 3)},{_some(r, 3)}.{_some(r, 2)}",
    lambda r: f"{r.randint(1, 99_999_999)}.{_some(r, 2)}元",
    lambda r: f"v{r.randint(0, 20)}.{r.randint(0, 20)}.{r.randint(0, 20)}.{r.randint(0, 200)}",
    lambda r: f"版本{r.randint(0, 20)}.{r.randint(0, 20)}.{r.randint(0, 20)}.{r.randint(0, 200)}",
    lambda r: f"{r.randint(0, 9)}.{r.randint(0, 20)}.{r.randint(0, 20)}",
    lambda r: f"0.{_some(r, 11)}",
    lambda r: f"{r.randint(0, 99)}.{_some(r, r.choice((4, 8, 14, 16, 17)))}",
    lambda r: f"{r.randint(100, 9999)}.1{r.randint(3, 9)}{_some(r, 9)}",
    lambda r: f"{r.randint(640, 4000)}x{r.randint(480, 3000)}",
    lambda r: f"010-{r.randint(2, 8)}{_some(r, 7)}",
    lambda r: f"快递{r.randint(70, 79)}{_some(r, 13)}",
    lambda r: f"1{r.randint(3, 9)}{_some(r, 9)}.{_some(r, 2)}元",
    lambda r: f"({r.randint(2000, 2099)}){_some(r, 8)}",
    lambda r: ".".join(str(r.randint(0, 255)) for _ in range(r.randint(5, 7))),
)


@dataclass(frozen=True)
class Planted:
    """A text and where what was planted in it stands: (start, end, kind)."""

    text: str
    places: tuple[tuple[int, int, str], ...]


def plant(r: random.Random, kind: str) -> Planted:
    """One personal datum between two neighbours; now and then another one touches it."""
    front = "" if r.random() < 0.05 else _front(r)
    if kind == "IP" and front.endswith("."):  # five numbers with dots are no address
        front = ""
    behind = "" if r.random() < 0.05 else _behind(r)
    if r.random() < 0.25:
        other = r.choice([k for k in KINDS if may_touch(kind, k)])
        return touching(r, kind, other, front=front, behind=behind)
    value = MAKERS[kind](r)
    place = len(front), len(front) + len(value), kind
    return Planted(front + value + behind, (place,))


def touching(
    r: random.Random, first: str, second: str, *, front: str = "", behind: str = ""
) -> Planted:
    """Two personal data with nothing or a full stop between them."""
    one, between, other = MAKERS[first](r), r.choice(("", "", ".")), MAKERS[second](r)
    at = len(front)
    then = at + len(one) + len(between)
    places = ((at, at + len(one), first), (then, then + len(other), second))
    return Planted(front + one + between + other + behind, places)


def look_alike(r: random.Random) -> Planted:
    """A number that is something else, between the same neighbours."""
    front = r.choice(("", "的", "编号 ", "see ", "(", "：", "ё", "is "))
    return Planted(
        front + r.choice(LOOK_ALIKES)(r) + r.choice(("", "。", " ok", "，谢谢", ")", "的")), ()
    )


def _front(r: random.Random) -> str:
    return r.choice(NUMBERS) if r.random() < 0.3 else _neighbour(r)


def _behind(r: random.Random) -> str:
    return r.choice(NUMBERS_BEHIND) if r.random() < 0.3 else _neighbour(r)


def _neighbour(r: random.Random) -> str:
    letters = SCRIPTS[r.choice(list(SCRIPTS))]
    return "".join(r.choice(letters) for _ in range(r.randint(1, 6)))


def may_touch(first: str, second: str) -> bool:
    """Two that can be parted again: seven numbers with dots are no two addresses."""
    return (first, second) != ("IP", "IP")


def _some(r: random.Random, n: int, of: str = _DIGITS) -> str:
    return "".join(r.choice(of) for _ in range(n))


def _product(r: random.Random, body: str) -> str:
    """A bar code with its right check digit."""
    return body + str(-sum(int(d) * (3 - 2 * (i % 2)) for i, d in enumerate(reversed(body))) % 10)


def _phone(r: random.Random) -> str:
    body = "1" + r.choice("3456789") + _some(r, 9)
    sep = r.choice(("", "", "", " ", "-", "－", "—", "\u3000"))
    body = sep.join((body[:3], body[3:7], body[7:]))
    body = r.choice(("", "", "", "+86", "+86 ", "86", "0086", "+86-")) + body
    return body.translate({c: c + 0xFEE0 for c in range(0x30, 0x3A)}) if r.random() < 0.1 else body


def _id(r: random.Random) -> str:
    day = f"{r.randint(1930, 2015)}{r.randint(1, 12):02}{r.randint(1, 28):02}"
    body = r.choice(("110105", "310101", "440305", "510104", "650102")) + day + _some(r, 3)
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]
    return body + (check.lower() if r.random() < 0.2 else check)


def _card(r: random.Random) -> str:
    start, n = r.choice(
        (("6222", 19), ("6217", 19), ("6228", 16), ("4", 16), ("5", 16), ("37", 15))
    )
    body = start + _some(r, n - len(start) - 1)
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
    body += str(-total % 10)
    if n == 15 or r.random() < 0.6:
        return body
    return r.choice((" ", "-")).join(body[i : i + 4] for i in range(0, n, 4))


def _email(r: random.Random) -> str:
    local = _some(r, 1, string.ascii_lowercase) + _some(
        r, r.randint(1, 9), string.ascii_lowercase + _DIGITS
    )
    if r.random() < 0.3:
        local += r.choice("._-+") + _some(r, 3, string.ascii_lowercase)
    domain = r.choice(
        (
            "163.com",
            "qq.com",
            "example.com",
            "mail.example.org",
            "foo.com.cn",
            "bar.co.uk",
            "x.io",
            "例子.中国",
        )
    )
    return local + ("＠" if r.random() < 0.1 else "@") + domain


def _ip(r: random.Random) -> str:
    return ".".join(str(r.randint(1, 255)) for _ in range(4))


MAKERS = {"PHONE": _phone, "ID": _id, "CARD": _card, "EMAIL": _email, "IP": _ip}


def score(texts: Iterable[Planted]) -> dict[str, dict[str, float]]:
    """Recall (planted ones covered from end to end) and precision (masks that touch one) by kind."""
    found = {k: [0, 0, 0, 0] for k in KINDS}  # planted, covered, masks, right masks
    for planted in texts:
        masks = spans(planted.text)
        covered = {i for s in masks for i in range(s.start, s.end)}
        for start, end, kind in planted.places:
            found[kind][0] += 1
            found[kind][1] += covered.issuperset(range(start, end))
        for s in masks:
            found[s.kind][2] += 1
            found[s.kind][3] += any(
                s.start < end and start < s.end for start, end, _ in planted.places
            )
    return {
        k: {"planted": n, "recall": hit / max(1, n), "masks": m, "precision": right / max(1, m)}
        for k, (n, hit, m, right) in found.items()
    }
