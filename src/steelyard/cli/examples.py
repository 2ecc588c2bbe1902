"""Commented product files to start from, with the data that some bring. Knows no product.

Example: `example_files("intents").keys() == {"product.yaml", "requests.csv"}`
"""

from __future__ import annotations

from importlib.resources import files

from steelyard.errors import UserError
from steelyard.near import near


def example_names() -> list[str]:
    folder = files("steelyard.cli").joinpath("templates")
    return sorted(
        p.name.removesuffix(".yaml") for p in folder.iterdir() if p.name.endswith(".yaml")
    )


def example_text(name: str) -> str:
    """The example's product file; UserError lists what there is."""
    if name not in example_names():
        raise UserError(
            "--example", f"one of {example_names()}", f"'{name}'", near(name, example_names())
        )
    path = files("steelyard.cli").joinpath("templates", f"{name}.yaml")
    return path.read_text(encoding="utf-8")


def example_files(name: str) -> dict[str, str]:
    """Text by file name: product.yaml and the example's own data, if it brings any."""
    texts = {"product.yaml": example_text(name)}
    data = files("steelyard.cli").joinpath("templates", name)
    if data.is_dir():
        texts |= {p.name: p.read_text(encoding="utf-8") for p in data.iterdir()}
    return texts
