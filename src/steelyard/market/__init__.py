"""market: canary, replay, readout, release. Reads releases and answers; leaves experiments.

Knows no server: the loop hands one in. Example: `market.run(store, product, step, ...)`
"""

from steelyard.market.run import run
from steelyard.market.stream import check_stream, sent_before

__all__ = ["check_stream", "run", "sent_before"]
