"""One file per task: what is asked, what is right, what an answer is worth. Knows no stage.

Example: `open_task("text_classification", {"labels": ["negative", "positive"]})`
"""

from steelyard.tasks.base import (
    LABELLED,
    UNLABELLED,
    Answer,
    Array,
    BadInput,
    Content,
    Task,
    Truth,
    Unknown,
    Wire,
    open_task,
    task_kind,
    task_of,
)
from steelyard.tasks.contents import ContentKind, Reading, content_kind

__all__ = [
    "LABELLED",
    "UNLABELLED",
    "Answer",
    "Array",
    "BadInput",
    "Content",
    "ContentKind",
    "Reading",
    "Task",
    "Truth",
    "Unknown",
    "Wire",
    "content_kind",
    "open_task",
    "task_kind",
    "task_of",
]
