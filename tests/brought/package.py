"""Packages of strangers, written and installed for one test."""

from __future__ import annotations

import sys

from steelyard import plugins, stage
from steelyard.plan import levers

GOOD_READER = """
class Reader:
    brings_data = True
    def place(self, source): return "theirs"
    def fingerprint(self, source, base): return "1"
    def batches(self, source, base, *, line_bytes_max, reject): yield []
READER = Reader()
"""
GOOD_METHOD = """
class Method:
    name = variant = "theirs"
    modules, needs_backbone = (), False
    def suits(self, task): return True
    def fit(self, job): return None
    def open(self, folder, config, *, threads): return None
    def open_reading(self, folder, config): return None
METHOD = Method()
"""
GOOD_OPERATOR = """
class Operator:
    name, content, whole = "theirs", "any", False
    def __init__(self, settings): pass
    def apply(self, rows): return rows, {}
"""


class Installed:
    """Writes packages into folders of their own and has them found."""

    def __init__(self, folder, monkeypatch):
        self.folder, self._patch, self._modules = folder, monkeypatch, set()

    def __call__(self, points, code="", *, name="theirs", version="1.0"):
        """`points` is group -> {entry point: thing of the module}; of an earlier version nothing is left."""
        place = self.folder / name
        for old in place.glob("*.dist-info"):
            (old / "METADATA").unlink()
            (old / "entry_points.txt").unlink()
            old.rmdir()
        info = place / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        lines = []
        for group, kinds in points.items():
            lines.append(f"[steelyard.{group}]")
            lines += [f"{kind} = {name}_module:{thing}" for kind, thing in kinds.items()]
        (info / "entry_points.txt").write_text("\n".join(lines))
        (place / f"{name}_module.py").write_text(code, encoding="utf-8")
        self._modules.add(f"{name}_module")
        if str(place) not in sys.path:
            self._patch.syspath_prepend(str(place))
        self.forget()

    def forget(self):
        for name in self._modules:
            sys.modules.pop(name, None)
        plugins._points.cache_clear()
        stage._registered.cache_clear()
        levers._registered.cache_clear()
