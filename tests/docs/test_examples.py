"""The example in each module's docstring is code that could run: it parses, and its calls fit."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
MODULES = sorted(
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in (SOURCE / "steelyard").rglob("*.py")
    if path.name != "__main__.py" and "migrations" not in path.parts
)


def example(name: str) -> str | None:
    """The code behind `Example:` of a module, None for one in another language."""
    spec = importlib.util.find_spec(name)
    said = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    found = re.search(r"Example:\s+`([^`]+)`", said)
    code = " ".join(found[1].split()) if found else None
    return None if code is None or code.startswith(("steelyard ", "{", "python ")) else code


def parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except SyntaxError:  # the head of a statement, or of a function
        return ast.parse(f"{code.rstrip(':')}: ...")


@pytest.mark.parametrize("name", [m for m in MODULES if example(m)])
def test_the_example_of_a_module_parses_and_calls_what_is_there(name):
    tree, module = parsed(example(name)), importlib.import_module(name)
    for call in [node for node in ast.walk(tree) if isinstance(node, ast.Call)]:
        thing = called(call.func, module)
        if thing is None or any(isinstance(a, ast.Starred) for a in call.args):
            continue
        named = {k.arg: None for k in call.keywords if k.arg is not None}
        left_out = len(named) < len(call.keywords)  # **rest
        signature = inspect.signature(thing)
        try:
            (signature.bind_partial if left_out else signature.bind)(*call.args, **named)
        except TypeError as error:
            raise AssertionError(f"{name}: {ast.unparse(call)}: {error}") from error


def called(func: ast.expr, module) -> object | None:
    """What the module itself has under the name that is called; None for anything else."""
    if isinstance(func, ast.Name):
        return found_in(module, func.id)
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
        owner = found_in(module, func.value.id)
        return None if owner is None else getattr(owner, func.attr)  # an AttributeError is a fault
    return None


def found_in(module, name: str) -> object | None:
    thing = getattr(module, name, None)
    own = getattr(thing, "__module__", "") or ""
    return thing if callable(thing) and own.startswith("steelyard") else None
