"""Python's collector and what stays in memory. Knows no model and no request.

A full collection looks at every object of every library: some 80 ms of a server, once a second in a
crowd, in which nobody is answered and nothing is found. What is there when the server starts, or when
releases change, is set apart, so that later collections look at what requests made.
Example: `settled = Settled(); settled.again(); ...; settled.end()`
"""

from __future__ import annotations

import gc


class Settled:
    """What existed at the last `again` is not looked at, until the next one or the `end`."""

    def again(self) -> None:
        """Collect what is no longer needed, of what was set apart too, and set apart the rest."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def end(self) -> None:
        """The collector looks at everything again."""
        gc.unfreeze()
