"""A task of labels, for which this package brings a method."""

from steelyard.tasks.text_classification import TextClassification


class Mood(TextClassification):
    name = "mood_of_text"
    methods = ("linear", "letter_sums")
