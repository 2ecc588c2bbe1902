"""The version, on the lowest floor, since every step's key holds it. Knows nothing else."""

__version__ = "0.4.0.dev0"
