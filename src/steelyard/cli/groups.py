"""Groups of commands: a word that is no command is told which there are. Knows no command.

One command of a group may be meant where none is named.
Example: `steelyard ledger product.yaml` is `steelyard ledger show product.yaml`
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from steelyard.errors import UserError
from steelyard.near import meant, near


class Group(TyperGroup):
    """Commands by their names."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise self.unknown(ctx, args[0])
        return super().resolve_command(ctx, args)

    def unknown(self, ctx: Any, word: str, *, more: str = "") -> UserError:
        """What to say of a word that is no command; `more` is what else it might have been."""
        place = f"steelyard {ctx.info_name}" if ctx.parent else "steelyard"
        expected = f"one of {', '.join(self.commands)}{more}"
        above = ctx.parent.command.commands if ctx.parent else {}
        return UserError(place, expected, repr(word), _meant(word, self.commands, above))


def by_default(name: str) -> type[TyperGroup]:
    """A group class that runs command `name` where the first word is the name of a file, an option
    or missing."""

    class Default(Group):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            first = args[0] if args else ""
            if first in self.commands or first == "--help":
                return super().parse_args(ctx, args)
            if first and not first.startswith("-") and not _is_file(first):
                raise self.unknown(ctx, first, more=", or a product file")
            return super().parse_args(ctx, [name, *args])

    return Default


def _is_file(word: str) -> bool:
    """Whether it is one, or is written like one: a mistyped command must not be taken for a file."""
    path = Path(word)
    return bool(path.suffix) or len(path.parts) > 1 or path.exists()


def _meant(word: str, commands: Iterable[str], above: Iterable[str]) -> str:
    inside = near(word, commands)
    return inside or (meant(f"'steelyard {word}'") if word in above else "see: --help")
