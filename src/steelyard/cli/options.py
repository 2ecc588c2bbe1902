"""Arguments that several commands take. Knows no command.

Example: `def show(product: File = DEFAULT, as_json: AsJson = False) -> None: ...`
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

File = Annotated[Path, typer.Argument(help="the product file")]
AsJson = Annotated[bool, typer.Option("--json", help="facts as JSON on standard output")]
DEFAULT = Path("product.yaml")
Html = Annotated[Path | None, typer.Option("--html", help="write one page that loads nothing")]
Language = Annotated[str | None, typer.Option(help="of the page: en or zh")]
