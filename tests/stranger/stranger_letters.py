"""A method: one layer over counts of letters, trained by the loop that trains every module."""

from stranger_counts import Counts

from steelyard.engine.arrays import ModuleParts
from steelyard.engine.fit import Parts
from steelyard.engine.heads import head_of
from steelyard.methods.trained import TorchMethod, train
from steelyard.spec.section import Section


class Settings(Section):
    buckets: int = 2048


class Letters(TorchMethod):
    name, Settings, modules = "letter_sums", Settings, ("torch",)

    def suits(self, task):
        return (task.answer, task.content) == ("label", "text")

    def parts(self, head):
        return ModuleParts({"x": {0: "batch"}}, {0: "batch"})

    def module(self, task, preprocessor, config, folder):
        return one_layer(preprocessor.buckets, head_of(task).width)

    def fit(self, job):
        return train(job, self.name, build)


def build(job, contents):
    import torch

    torch.manual_seed(job.settings.seed)
    head, counts = head_of(job.task), Counts(job.own.buckets)
    return Parts(job.task, head, one_layer(counts.buckets, head.width), counts), None


def one_layer(buckets, width):
    from torch import nn

    class OneLayer(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(buckets, width)

        def forward(self, x):
            return self.layer(x)

    return OneLayer()


LETTERS = Letters()
