"""Time as a counter, the same in every process of a turn."""

from __future__ import annotations

import threading

from steelyard.clock import Clock

STEP_S = 20  # three steps of a training make a checkpoint due


class Ticks(Clock):
    """Twenty seconds for each look of the main thread; one between two looks at a thread's own clock,
    which are seconds of the process too."""

    def __init__(self) -> None:
        self.s = self.of_threads = 0.0
        self.of_thread, self.lock = threading.local(), threading.Lock()

    def cpu_s(self) -> float:
        if threading.current_thread() is threading.main_thread():
            self.s += STEP_S
        return self.s + self.of_threads

    def wall_s(self) -> float:
        return 0.001 * self.cpu_s()

    def thread_cpu_s(self) -> float:
        with self.lock:
            self.of_threads += 0.5
        self.of_thread.s = getattr(self.of_thread, "s", 0.0) + 1
        return float(self.of_thread.s)
