"""train: baseline, model and learning curve. Reads `records` and `labels`; leaves variants, their
measures and the points of the curve.

Knows no release. Example: `baseline.run(store, product, step, task=task, dataset=d, labels=t)`
"""
