"""Which digits of a text are a phone, an identity card, a bank card or an IPv4 address. Knows no
other kinds.

Personal numbers that touch are told apart when they fill the digits they share from end to end; an
unbroken run that they do not fill is another number. Runs that spaces or marks join are tried from
every run in every known grouping. Example: `list(numbers_in("1 13812345678")) == [(2, 13, "PHONE")]`
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from steelyard.tasks.checks import (
    CARD_LENGTHS,
    ID_LENGTH,
    PHONE_LENGTHS,
    is_card,
    is_id_card,
    is_octet,
    is_phone,
)
from steelyard.tasks.groupings import BY_FIRST, GAP, GROUPINGS, Shape, has_bracket, parted_well

DIGITS_MIN = 11
RUN_MAX = 76  # four of the longest numbers; longer runs are no list of somebody's numbers
# Possessive (++): a run is read once, whatever stands behind it.
_CLUSTER = re.compile(rf"[0-9]++[Xx]?+(?:{GAP}[0-9]++[Xx]?+)*+")
_RUN = re.compile(r"([^0-9Xx]*)([0-9]+)([Xx]?)")
_LISTING = re.compile(r"0?[1-9]|[1-9][0-9]")
_LISTED = {
    "PHONE": re.compile(
        r"(?:\+?86|0086)?1(?:3[0-9]|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8[0-9]|9[0-35-9])"
    ),
    "CARD": re.compile(r"(?:62|4|5[1-5])[0-9]{14}(?![0-9])|62[0-9]{17}|3[47][0-9]{13}(?![0-9])"),
}
# 11 digits with two decimals and an end are a price; with one, where money is named.
_MONEY = r" ?(?:[元块角万亿%]|人民币|美元|(?:rmb|cny|usd|eur|yuan)\b)"
_PRICE = re.compile(rf"\.[0-9]{{2}}(?!\w|[-:/~.][0-9])|\.[0-9]{{1,2}}{_MONEY}", re.I)
_PAID = re.compile(r"\.[0-9]{1,2}(?!\w|[-:/~.][0-9])")
_CURRENCIES = frozenset("¥￥$€£")
# What makes four numbers a version and no address: a word in front, or a stage behind.
_VERSION = re.compile(
    r"(?:(?<![A-Za-z])(?:v|ver|version|release|section|(?:chrome|safari|firefox|edge?|opera|mozilla)/)"
    r"|版本号?|固件)[ .:=#-]{0,2}$",
    re.I,
)
_STAGE = re.compile(r"-?(?:alpha|beta|rc)[0-9]{0,2}(?![A-Za-z])", re.I)
_VERSION_WINDOW = 12
_PHONE_BEGINS = re.compile("1[3-9]|86|00|01")
_FREE, _JOINED, _BOUND = range(3)  # how a place is reached: see `_choices`

Number = tuple[int, int, str]  # start, end, kind
Place = tuple[int, int]  # run, digit of the run


class Run(NamedTuple):
    """An unbroken run of digits, the gap between it and the run before, and whether an X (the check
    digit 10 of an identity card) ends it."""

    start: int
    digits: str
    x: bool
    gap: str

    @property
    def end(self) -> int:
        return self.start + len(self.digits)


class Cluster(NamedTuple):
    """Runs that one number may comprise; how many digits each has, less than none where an X ends
    it, so that no grouping goes across; and whether a full stop joins it to the one before: then it
    is decimals, the next part of a version or address, or the next clause."""

    text: str
    runs: Sequence[Run]
    sizes: tuple[int, ...]
    points: tuple[bool, ...]  # four more than runs, so that an address may be looked for at each
    reached: set[Place]  # where candidates end, as far as they are known


class Candidate(NamedTuple):
    """What may be a personal number. Where it is `bound`, it is one only if another begins at once
    behind it: it would else end within a run, or go on as a price or a version does."""

    number: Number
    digits: int
    then: Place
    bound: bool
    free: bool  # may begin behind what is no personal number


Candidates = dict[Place, list[Candidate]]
State = tuple[int, int, int]  # a place and how it was reached


def numbers_in(text: str) -> Iterator[Number]:
    """Spans in order. `text` is folded: ASCII digits, one kind of hyphen and of space."""
    for match in _CLUSTER.finditer(text):
        if match.end() - match.start() < DIGITS_MIN and match.group().count(".") < 3:
            continue
        cluster = _cluster(text, *match.span())
        candidates = _candidates(cluster)
        if candidates:
            yield from _best(len(cluster.runs), candidates)


def _cluster(text: str, start: int, end: int) -> Cluster:
    runs = [Run(m.start(2), m[2], bool(m[3]), m[1]) for m in _RUN.finditer(text, start, end)]
    sizes = [-len(run.digits) if run.x else len(run.digits) for run in runs]
    points = [run.gap == "." and size > 0 for run, size in zip(runs, [0, *sizes], strict=False)]
    return Cluster(text, runs, tuple(sizes), (*points, *[False] * 4), set())


def _best(n: int, candidates: Candidates) -> Iterator[Number]:
    """The choice of candidates, apart from each other, that masks the most digits: so no candidate
    that is right by chance takes a part of one that is right."""
    choices = _choices(n, candidates)
    i, at, reached = 0, 0, _FREE
    while i < n:
        chosen = choices.get((i, at, reached))
        if chosen is None:
            i, at, reached = i + 1, 0, _FREE
            continue
        yield chosen.number
        i, at, reached = _behind(chosen)


def _choices(n: int, candidates: Candidates) -> dict[State, Candidate]:
    """What to take at each place, from the last one backwards. A place behind a number of the chain
    is _JOINED, and _BOUND where another number must begin; at other starts of runs only candidates
    that are `free` may begin, and a run may be passed over."""
    most: dict[State, int] = {(n, 0, _FREE): 0, (n, 0, _JOINED): 0}
    chosen: dict[State, Candidate] = {}
    for i, at in sorted({(i, 0) for i in range(n)} | candidates.keys(), reverse=True):
        if at == 0:
            most[i, 0, _FREE] = most[i, 0, _JOINED] = most[i + 1, 0, _FREE]
        for candidate in reversed(candidates.get((i, at), ())):  # of equals the first
            rest = most.get(_behind(candidate))
            if rest is None:
                continue
            for reached in (_FREE, _JOINED, _BOUND) if candidate.free else (_JOINED, _BOUND):
                state = i, at, reached
                if candidate.digits + rest >= most.get(state, 0):
                    most[state], chosen[state] = candidate.digits + rest, candidate
    return chosen


def _behind(candidate: Candidate) -> State:
    return (*candidate.then, _BOUND if candidate.bound else _JOINED)


def _candidates(cluster: Cluster) -> Candidates:
    """Those that begin at the start of a run, and those within a run where another one ends."""
    made: Candidates = {}
    for i, size in enumerate(cluster.sizes):
        for at in range(min(abs(size), RUN_MAX)):
            if at and (i, at) not in cluster.reached:
                continue
            here = list(_from(cluster, i, at))
            if here:
                made[i, at] = here
                cluster.reached.update([candidate.then for candidate in here])
    return made


def _from(cluster: Cluster, i: int, at: int) -> Iterator[Candidate]:
    """Candidates that begin at this digit of this run."""
    left = abs(cluster.sizes[i]) - at
    if left >= DIGITS_MIN and left + at <= RUN_MAX:
        yield from _unbroken(cluster, i, at)
    for shape in _fitting(cluster, i, at):
        yield from _in_shape(cluster, (i, at), shape)
    if (
        left <= 3
        and cluster.points[i + 1]
        and ((i, at) in cluster.reached or not cluster.points[i])
    ):
        yield from _addresses(cluster, i, at)


def _unbroken(cluster: Cluster, i: int, at: int) -> Iterator[Candidate]:
    """Numbers within one run."""
    run = cluster.runs[i]
    start = run.start + at
    for kind, size, x in _pieces(run.digits[at:], run.x):
        number = _signed(cluster.text, start), start + size + x, kind
        bare = kind == "PHONE" and cluster.sizes[i] == DIGITS_MIN
        bound = bare and _is_price(cluster.text, run.start, run.end)
        yield _candidate(cluster, (i, at), (i, at + size), number, bound=bound)


def _pieces(digits: str, x: bool) -> Iterator[tuple[str, int, bool]]:
    """(kind, digits, whether an X ends it) of what these digits begin with."""
    if is_id_card(digits[:ID_LENGTH]):
        yield "ID", ID_LENGTH, False
    if x and len(digits) == ID_LENGTH - 1 and is_id_card(digits + "X"):
        yield "ID", ID_LENGTH - 1, True
    for size in PHONE_LENGTHS:
        if size <= len(digits) and is_phone(digits[:size]):
            yield "PHONE", size, False
    for size in CARD_LENGTHS:
        if size <= len(digits) and is_card(digits[:size]):
            yield "CARD", size, False


def _fitting(cluster: Cluster, i: int, at: int) -> Iterator[Shape]:
    """Groupings that these runs may have: the first may begin and the last may end within a run."""
    sizes = cluster.sizes
    shapes = BY_FIRST.get(sizes[i] - at)
    if not shapes:
        return
    phone = _PHONE_BEGINS.match(cluster.runs[i].digits, at)
    for shape in shapes:
        last = i + len(shape) - 1
        if last >= len(sizes) or sizes[i + 1 : last] != shape[1:-1]:
            continue
        if abs(sizes[last]) >= shape[-1] - 1 and (phone or GROUPINGS[shape] != "PHONE"):
            yield shape


def _in_shape(cluster: Cluster, place: Place, shape: Shape) -> Iterator[Candidate]:
    """These groups as one number; they are known to have its shape up to the last."""
    (i, at), j = place, place[0] + len(shape) - 1
    runs, kind, size = cluster.runs, GROUPINGS[shape], shape[-1]
    x = kind == "ID" and cluster.sizes[j] == 1 - size
    size -= x
    groups = [runs[i].digits[at:], *[run.digits for run in runs[i + 1 : j]], runs[j].digits[:size]]
    if len(groups[-1]) < size or not _CHECKS[kind]("".join(groups) + "X" * x):
        return
    gaps = [run.gap for run in runs[i + 1 : j + 1]]
    if not parted_well(kind, shape, gaps, groups):
        return
    start = _signed(cluster.text, runs[i].start + at)
    if has_bracket(shape, gaps):
        start -= 1
        if cluster.text[start : start + 1] != "(":
            return
    number = start, runs[j].start + size + x, kind
    yield _candidate(cluster, place, (j, size), number)


def _addresses(cluster: Cluster, i: int, at: int) -> Iterator[Candidate]:
    """Four numbers up to 255 with dots: the first may begin and the last may end within a run, but
    not where the whole run is such a number: seven of them with dots are no two addresses."""
    if cluster.points[i + 1 : i + 4] != (True, True, True):
        return
    first, *middle, last = cluster.runs[i : i + 4]
    start = first.start + at
    if not all(map(is_octet, (first.digits[at:], *[run.digits for run in middle]))):
        return
    if at == 0 and _VERSION.search(cluster.text[max(0, start - _VERSION_WINDOW) : start]):
        return
    for size in (len(last.digits),) if is_octet(last.digits) else (3, 2, 1):
        end = last.start + size
        if is_octet(last.digits[:size]) and not _STAGE.match(cluster.text, end):
            bound = end == last.end and cluster.points[i + 4]
            number = start, end, "IP"
            yield _candidate(cluster, (i, at), (i + 3, size), number, bound=bound)


def _candidate(
    cluster: Cluster, first: Place, last: Place, number: Number, *, bound: bool = False
) -> Candidate:
    """From the digit `first` up to the digit `last`, which is of the last run."""
    (i, at), (j, size) = first, last
    within = size < abs(cluster.sizes[j])
    return Candidate(
        number,
        digits=sum(map(abs, cluster.sizes[i:j])) - at + size,
        then=last if within else (j + 1, 0),
        bound=bound or within,
        free=at == 0 and (not cluster.points[i] or _is_listed(cluster, i, number)),
    )


def _is_listed(cluster: Cluster, i: int, number: Number) -> bool:
    """Behind the number of a list stand numbers in groups, or those that begin as networks and
    issuers begin them; other digits are decimals. No decimals have hyphens in them, or the date and
    the check digit of an identity card."""
    start, end, kind = number
    text = cluster.text
    if kind == "ID" or "-" in text[start:end]:
        return True
    longer = cluster.points[i - 1] and (i - 1, 0) not in cluster.reached
    if kind == "IP" or longer or not _LISTING.fullmatch(cluster.runs[i - 1].digits):
        return False
    return bool(_LISTED[kind].match(text, start)) or not text[start:end].isdecimal()


def _is_price(text: str, start: int, end: int) -> bool:
    """What 11 digits alone are when decimals follow; money in front or behind makes it plainer."""
    if text[start - 1 : start] in _CURRENCIES and _PAID.match(text, end):
        return True
    return bool(_PRICE.match(text, end))


def _signed(text: str, start: int) -> int:
    """The + of an international prefix belongs to the number."""
    return start - text.startswith("+86", start - 1) if start else 0


_CHECKS = {"ID": is_id_card, "PHONE": is_phone, "CARD": is_card}
