"""A group of commands with one that is meant when none is named. Knows no command.

Example: `steelyard ledger product.yaml` is `steelyard ledger show product.yaml`
"""

from __future__ import annotations

import difflib
from typing import Any

from typer.core import TyperGroup


def by_default(name: str) -> type[TyperGroup]:
    """A Typer group class that runs command `name` where the first word is none of its commands."""

    class Group(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            first = args[0] if args else ""
            # a mistyped command must not be taken for the name of a file
            mistyped = first.isalpha() and difflib.get_close_matches(first, self.commands)
            if first in self.commands or first == "--help" or mistyped:
                return super().parse_args(ctx, args)
            return super().parse_args(ctx, [name, *args])

    return Group
