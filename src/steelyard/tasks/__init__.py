"""One file per task: what a record, a label and an answer are. Knows no stage.

Example: `open_task("text_classification", labels=("negative", "positive"))`
"""

from steelyard.tasks.base import (
    Answer,
    Array,
    Backbone,
    BadInput,
    Content,
    Inputs,
    Linear,
    Preprocessor,
    Record,
    Task,
    Truth,
    open_preprocessor,
    open_task,
    softmax,
)

__all__ = [
    "Answer",
    "Array",
    "Backbone",
    "BadInput",
    "Content",
    "Inputs",
    "Linear",
    "Preprocessor",
    "Record",
    "Task",
    "Truth",
    "open_preprocessor",
    "open_task",
    "softmax",
]
