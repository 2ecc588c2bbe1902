"""Prove that no CUDA package was installed: `python -m steelyard.cli.no_cuda`. Knows no product."""

from __future__ import annotations

import sys
from importlib.metadata import distributions


def cuda_packages() -> list[str]:
    """Installed distributions named nvidia-*."""
    installed = {str(d.metadata["Name"]).lower() for d in distributions() if d.metadata["Name"]}
    return sorted(name for name in installed if name.startswith("nvidia"))


def main() -> int:
    packages = cuda_packages()
    if packages:
        print(
            f"expected no nvidia-* package, found {packages}; remove .venv and install with -c constraints.txt"
        )
        return 1
    print("no nvidia-* package is installed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
