"""engine: the one training loop, the one model loader, runtimes, evaluation. Knows no stage.

Reads artifacts and records; leaves nothing of its own. Example: `Predictor.open(folder)`
"""
