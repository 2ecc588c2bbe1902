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
