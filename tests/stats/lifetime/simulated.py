"""Customers who live exactly as the models say, and the published data that the models were fitted to."""

import numpy as np

from steelyard.stats.lifetime import Summary

CDNOW = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}  # Fader, Hardie & Lee 2005, table 2


def customers(n, seed, *, r=0.243, alpha=4.414, a=0.793, b=2.426, weeks=39.0, ahead=39.0):
    """Summary of `n` customers who began within 12 weeks, at `weeks`; and what each bought within the
    `ahead` weeks behind it. A purchase is worth Gamma(6, nu), nu from Gamma(4, 15)."""
    rng = np.random.default_rng(seed)
    begin = np.floor(rng.random(n) * 84) / 7
    rate, gone = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    frequency, last, later = np.zeros(n, int), np.zeros(n), np.zeros(n, int)
    for i in range(n):
        at, alive = begin[i], True
        while alive and (at := at + rng.exponential(1 / rate[i])) <= weeks + ahead:
            alive = rng.random() >= gone[i]
            if at <= weeks:
                frequency[i], last[i] = frequency[i] + 1, at - begin[i]
            else:
                later[i] += 1
    nu = rng.gamma(4.0, 1 / 15.0, n)
    value = rng.gamma(6.0 * np.maximum(frequency, 1)) / nu / np.maximum(frequency, 1)
    mean = np.where(frequency > 0, value, 0.0)
    return Summary(np.arange(n), frequency, last, weeks - begin, mean), later


def subscribers(n, renewals, seed, *, alpha=0.668, beta=3.806):
    """How many of `n` are here after each renewal."""
    rng = np.random.default_rng(seed)
    leaves = rng.geometric(rng.beta(alpha, beta, n))
    return [int(np.count_nonzero(leaves > t)) for t in range(renewals + 1)]
