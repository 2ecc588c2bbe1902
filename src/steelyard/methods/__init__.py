"""How a model that answers is made: one file a method, one entry point each. Knows no stage.

Example: `method_named("linear").fit(FitJob(task, settings, examples, folder=folder, clock=clock))`
"""

from steelyard.methods.base import (
    FitJob,
    Fitted,
    Method,
    answers_of,
    decoding_of,
    fitted,
    method_named,
    methods_of,
    own_settings,
    steady,
)

__all__ = [
    "FitJob",
    "Fitted",
    "Method",
    "answers_of",
    "decoding_of",
    "fitted",
    "method_named",
    "methods_of",
    "own_settings",
    "steady",
]
