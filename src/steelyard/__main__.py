"""`python -m steelyard` is the `steelyard` command. Knows nothing else."""

from steelyard.engine.processes import forget_current_folder

forget_current_folder()  # before anything else: `-m` put it in front of every library

from steelyard.cli import main  # noqa: E402

main()
