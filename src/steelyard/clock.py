"""Time and processor use as an argument, so that tests are exact. Knows no ledger.

Example: `Clock().cpu_s()` before and after some work gives the seconds it is charged
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime


class Clock:
    """The machine's own clock; a test passes one that ticks."""

    def now(self) -> str:
        """UTC, ISO 8601 with microseconds."""
        return datetime.now(UTC).isoformat(timespec="microseconds")

    def cpu_s(self) -> float:
        """CPU seconds of this process, all its threads and the processes it waited for."""
        times = os.times()
        return time.process_time() + times.children_user + times.children_system

    def thread_cpu_s(self) -> float:
        """CPU seconds of the calling thread."""
        return time.thread_time()

    def wall_s(self) -> float:
        """Seconds that only go forward."""
        return time.perf_counter()
