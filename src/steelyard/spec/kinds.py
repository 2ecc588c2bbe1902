"""The kinds that a product file names, and the settings that it gives them. Knows no file's syntax.

Example: `settings_of("operators", "dedupe").model_fields`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from steelyard.errors import Unusable
from steelyard.near import near
from steelyard.plugins import get, names
from steelyard.spec.looks import escaped, quoted
from steelyard.spec.mistakes import Path_, is_model, place, quote_of, said_of, shown_of, told
from steelyard.spec.model import Product
from steelyard.spec.section import Kind, NoSettings
from steelyard.spec.written import Written

SETTINGS, DECODING = "Settings", "Decoding"  # classes of a kind that say what it may be set to


def unregistered(file: Path, tree: Written, spec: Product) -> list[str]:
    """Names that must be registered kinds: the task, readers, operators, compressors."""
    asked: list[tuple[str, Path_, str]] = [("tasks", ("task", "name"), spec.task.name)]
    asked += [(n.group, n.path, n.kind.name) for n in _kinds(spec)]
    problems = []
    for group, path, name in asked:
        known = names(group)
        if name in known:
            # whatever is done with a product asks its task; what else cannot be used is told where it is needed
            why = why_not(group, name) if group == "tasks" else None
            if why is not None:
                problems.append(f"{place(file, tree, path)} {'.'.join(map(str, path))}: {why}")
            continue
        hint = near(name, known) or "install the package that brings it"
        where = f"{place(file, tree, path)} {'.'.join(map(str, path))}"
        problems.append(f"{where}: expected one of {known}, found {quoted(name)}; {hint}")
    return problems


def why_not(group: str, name: str) -> str | None:
    """Why a registered kind cannot be used; None for one that can."""
    try:
        get(group, name)
    except Unusable as error:
        return str(error)
    return None


def used(spec: Product, task: Any) -> list[tuple[str, Path_, str]]:
    """(group, path in the file, name) of every kind that a product names, or that its task does for it."""
    kinds = [(n.group, n.path, n.kind.name) for n in _kinds(spec)]
    by_task: list[tuple[str, Path_, str]] = [
        ("tasks", ("task", "name"), spec.task.name),
        ("contents", ("task", "name"), task.content),
    ]
    if spec.data.operators is None:
        by_task += [("operators", ("data", "operators"), name) for name in task.operators]
    if spec.train.methods is None:
        by_task += [("methods", ("train", "methods"), name) for name in task.methods]
    return [*by_task, *kinds]


@dataclass(frozen=True)
class _Named:
    """A kind that a file names with settings of its own, and which class of it says what they are."""

    group: str
    path: Path_
    kind: Kind
    of: str = "Settings"


def _kinds(spec: Product) -> list[_Named]:
    """Every kind that a file names with settings of its own."""
    lists: tuple[tuple[str, Path_, Sequence[Kind], str], ...] = (
        ("operators", ("data", "operators"), spec.data.operators or (), SETTINGS),
        ("methods", ("train", "methods"), spec.train.methods or (), SETTINGS),
        ("compressors", ("compress", "variants"), spec.compress.variants, SETTINGS),
        ("methods", ("compress", "decodings"), spec.compress.decodings, DECODING),
    )
    readers = [
        _Named("readers", ("data", "sources", i, "reader"), source.reader)
        for i, source in enumerate(spec.data.sources)
    ]
    return [
        *readers,
        *(
            _Named(g, (*p, i), kind, of)
            for g, p, kinds, of in lists
            for i, kind in enumerate(kinds)
        ),
    ]


def wrong_settings(file: Path, tree: Written, spec: Product) -> list[str]:
    """Settings that the kinds they are given to do not take."""
    problems: list[str] = []
    for named in _kinds(spec):
        path, kind = named.path, named.kind
        if not kind.settings or kind.name not in names(named.group):
            continue
        why = why_not(named.group, kind.name)
        if why is not None:
            problems.append(f"{place(file, tree, path)} {'.'.join(map(str, path))}: {why}")
            continue
        model = settings_of(named.group, kind.name, named.of)
        try:
            model.model_validate(kind.settings)
        except ValidationError as error:
            wrong = [e | {"loc": (*path, kind.name, *e["loc"])} for e in told(error)]
            problems += [_of_settings(file, tree, e, model, len(path) + 1) for e in wrong]
    return problems


def unpriced(file: Path, tree: Written, spec: Product) -> list[str]:
    """Plans of the launch page that have no price."""
    page, priced = spec.market.page, spec.money.plans
    problems = []
    for name in page.plans if page is not None else ():
        if name not in priced:
            path = ("market", "page", "plans", name)
            known = ", ".join(priced) or "it has none"
            hint = near(name, priced) or f"add it there: {name}: {{a_month: ...}}"
            where = f"{place(file, tree, path)} {'.'.join(path)}"
            problems.append(
                f"{where}: expected a plan of money.plans ({known}), found {quoted(name)}; {hint}"
            )
    return problems


def undecoded(file: Path, tree: Written, spec: Product) -> list[str]:
    """Ways to write that would make no variant: of a method that no turn tries, or without settings."""
    task = opened_task(spec) if spec.compress.decodings else None
    tried = [str(m) for m in spec.train.methods or (task.methods if task is not None else ())]
    problems = []
    for i, kind in enumerate(spec.compress.decodings):
        where = f"{place(file, tree, ('compress', 'decodings', i))} compress.decodings.{i}"
        if kind.name in names("methods") and kind.name not in tried:
            problems.append(
                f"{where}: expected a method that is tried, one of {tried}, found {quoted(kind.name)}; name it in train.methods too"
            )
        elif not kind.settings:
            problems.append(
                f"{where}: expected settings of how {quoted(kind.name)} writes, found none; say them below it, or leave it out: it is measured as it writes by default"
            )
    return problems


def settings_of(group: str, name: str, of: str = SETTINGS) -> type[BaseModel]:
    """What a registered kind may be set to; `NoSettings` for one that does not say."""
    model = getattr(get(group, name), of, NoSettings)
    return model if is_model(model) else NoSettings


def _of_settings(
    file: Path, tree: Written, error: dict[str, Any], model: type[BaseModel], depth: int
) -> str:
    path = tuple(error["loc"])
    node, there = tree.part(path)
    named = ".".join(escaped(str(part)) for part in path)
    if error["type"] == "extra_forbidden":
        known = list(model.model_fields)
        said = "not a setting; " + (
            near(str(path[-1]), known)
            or (f"expected one of {known}" if known else f"{path[depth - 1]} has none")
        )
    else:
        said = said_of(error, path, shown_of(node) if there else "nothing", None)
    return f"{place(file, tree, path)} {named}: {said}{quote_of(error, node)}"


def opened_task(spec: Product) -> Any:
    """The task with its options; None for one that cannot be used."""
    if spec.task.name not in names("tasks") or why_not("tasks", spec.task.name) is not None:
        return None
    kind = get("tasks", spec.task.name)
    if not is_model(getattr(kind, "Options", None)) or not hasattr(kind, "classes"):
        return None
    return kind(kind.Options.model_validate(spec.task.options))


def filled(spec: Product) -> Product:
    """Settings that the file gives, with the defaults of those that it leaves out. A kind without any is not
    asked: a command that only reads loads none."""

    def whole(group: str, kind: Kind, of: str = SETTINGS) -> Kind:
        if not kind.settings:
            return kind
        settings = settings_of(group, kind.name, of).model_validate(kind.settings)
        return kind.model_copy(update={"settings": settings.model_dump(mode="json")})

    def each(
        group: str, kinds: Sequence[Kind] | None, of: str = SETTINGS
    ) -> tuple[Kind, ...] | None:
        return None if kinds is None else tuple(whole(group, kind, of) for kind in kinds)

    sources = tuple(
        s.model_copy(update={"reader": whole("readers", s.reader)}) for s in spec.data.sources
    )
    data = {"sources": sources, "operators": each("operators", spec.data.operators)}
    return spec.model_copy(
        update={
            "data": spec.data.model_copy(update=data),
            "train": spec.train.model_copy(update={"methods": each("methods", spec.train.methods)}),
            "compress": spec.compress.model_copy(
                update={
                    "variants": each("compressors", spec.compress.variants),
                    "decodings": each("methods", spec.compress.decodings, DECODING),
                }
            ),
        }
    )
