"""How many requests some cores can answer in time, and how many a day's shape loses. Knows no server.

Arrivals are taken as random and a core as answering one request at a time, in times that vary as an exponential's:
an M/M/c queue (Erlang 1917; Kleinrock 1975, Queueing Systems I, section 3.5). Answers of a model vary less, so it waits
no longer than that. Example: `rate_within(2, 0.01, 0.05)` is 190.4 requests a second
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ive

LATE = 0.05  # of requests that may wait longer: those behind a 95th percentile
ROUNDS = 60
POINTS = 288  # of a day: five minutes


def rate_within(cores: int, service_s: float, wait_s: float | None) -> float:
    """Requests a second of which 95 % wait no longer than `wait_s`; None: as many as the cores can do at all."""
    if not (cores >= 1 and service_s > 0):
        raise ValueError(
            f"expected a core and a time above 0, found {cores} and {service_s:g} seconds"
        )
    most = cores / service_s
    if wait_s is None:
        return most
    if wait_s <= 0:
        return 0.0
    low, high = 0.0, most
    for _ in range(ROUNDS):
        rate = (low + high) / 2
        in_time = waiting(cores, rate * service_s) * math.exp(-(most - rate) * wait_s) <= LATE
        low, high = (rate, high) if in_time else (low, rate)
    return low


def waiting(cores: int, load: float) -> float:
    """Erlang's C: how likely a request waits at all; `load` is arrivals times service, below the cores."""
    blocked = 1.0  # Erlang's B, which grows from no core on without overflow
    for k in range(1, cores + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked / (1 - (load / cores) * (1 - blocked))


def lost_share(mean: float, most: float, peak: float) -> float:
    """Share of a day's requests that come when more than `most` a second do: their rate is `mean` on average and
    `peak` times that in the busiest moment, and between them as a von Mises density around the clock."""
    if mean <= 0 or peak * mean <= most:
        return 0.0
    clock = 2 * np.pi * (np.arange(POINTS) + 0.5) / POINTS
    narrow = _narrowness(peak)
    shape = np.exp(narrow * (np.cos(clock) - 1)) / ive(0, narrow)
    over = np.maximum(0.0, shape * mean - most)
    return float(over.mean() / mean)


def _narrowness(peak: float) -> float:
    """Of a von Mises density whose height is so many times its mean."""
    low, high = 0.0, 1.0
    while 1 / ive(0, high) < peak:
        high *= 2
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 / ive(0, middle) < peak else (low, middle)
    return low
