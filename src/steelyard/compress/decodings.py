"""Other ways to write, as variants of the same weights. Knows no compressor.

Example: `other_decodings(store, product, step, task, of, {"writer": identity})` -> name to id
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from steelyard.compress.left import Compressible
from steelyard.engine.model import method_in, read_config, write_decoding
from steelyard.engine.publishing import publish
from steelyard.methods import decoding_of, method_named
from steelyard.spec import ProductFile
from steelyard.store import Step, Store
from steelyard.tasks import Task


def other_decodings(
    store: Store,
    product: ProductFile,
    step: Step,
    task: Task,
    of: Compressible,
    sources: Mapping[str, str],
) -> dict[str, str]:
    """Name -> id: each source once more for each way to write that the file says of its method, with the
    same weights. A way that is the source's own makes nothing."""
    made: dict[str, str] = {}
    for name, identity in sources.items():
        folder = store.artifacts.open(identity)
        config = read_config(folder)
        decoding = decoding_of(method_named(method_in(config)))
        usual = dict(config.decoding or {})
        for kind in product.spec.compress.decodings:
            if decoding is None or kind.name != method_in(config):
                continue
            asked = decoding.model_validate(kind.settings).model_dump(mode="json")
            other = {key: value for key, value in asked.items() if usual.get(key) != value}
            if not other:
                continue
            called = f"{name} {' '.join(f'{key}={value}' for key, value in other.items())}"
            with store.artifacts.draft() as draft:
                shutil.copytree(folder, draft, copy_function=shutil.copyfile, dirs_exist_ok=True)
                write_decoding(draft, asked)
                made[called] = publish(
                    store,
                    step,
                    draft,
                    called,
                    task=task,
                    dataset=of.dataset,
                    parent=of.parent.variant,
                    told={"decoding": asked},
                )
    return made
