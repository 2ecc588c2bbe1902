"""`python -m steelyard` is the `steelyard` command. Knows nothing else."""

from steelyard.cli import main

main()
