"""The documents are run: every snippet, every named test, every setting."""

import contextlib
import hashlib
import os
import platform
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.conftest import PRODUCT, reviews, write_jsonl
from typer.testing import CliRunner

from steelyard.cli.commands import app
from steelyard.cli.reference import reference
from steelyard.cli.reference_zh import ZH

ROOT = Path(__file__).parents[2]
APACHE_2 = (
    "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"  # as its publisher prints it
)
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, encoder):
    """A tiny product where the snippets run one after another, as a reader would."""
    made = tmp_path_factory.mktemp("docs")
    write_jsonl(made / "reviews.jsonl", reviews(600))
    text = PRODUCT.replace("cpu_hour: 0.35", "cpu_hour: 0.35, person_hour: 120")
    (made / "product.yaml").write_text(text.format(encoder=encoder), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def ran():
    """What ran in that folder. A page of the other language has the same commands over the same
    tables: each is run once."""
    return set()


def shown_files(page: Path) -> dict[str, str]:
    """Text by name, of the tables that a page shows for its commands."""
    return dict(re.findall(r"```csv (\S+)\n(.*?)```", page.read_text(encoding="utf-8"), re.S))


def invoke(line: str, cwd: Path) -> None:
    """In this process, which has imported by now what most commands wait for."""
    with contextlib.chdir(cwd):
        done = CliRunner().invoke(app, line.split("#")[0].split()[1:])
    assert done.exit_code == 0, f"{line}\n{done.output}\n{done.exception!r}"


def shell(line: str, cwd: Path) -> None:
    words = line.split("#")[0].split()
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"


def serve(line: str, cwd: Path) -> None:
    """It runs until it is stopped; a free port, since another may be in use here."""
    words = [*line.split("#")[0].split(), "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=cwd, stdout=subprocess.PIPE, text=True
    )
    try:
        assert "/docs" in process.stdout.readline()
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_command_of_a_page_works(page, folder, ran, tmp_path):
    tables = shown_files(page)
    for name, text in tables.items():
        (folder / name).write_text(text, encoding="utf-8")
    for block in blocks(page, "bash"):
        for line in filter(str.strip, block.splitlines()):
            as_run = (*line.split("#")[0].split(), *tables.items())
            if as_run in ran:
                continue
            if line.startswith("make "):
                target = line.split()[1]
                assert f"\n{target}: " in (ROOT / "Makefile").read_text()
            elif line.startswith("steelyard init"):
                shell(line, tmp_path)
            elif line.startswith("steelyard serve"):
                serve(line, folder)
            else:
                assert line.startswith("steelyard "), f"{page}: a command nobody runs: {line}"
                (shell if page.name == "README.md" else invoke)(line, folder)
            ran.add(as_run)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_python_block_of_a_page_runs(page, folder, ran):
    for block in blocks(page, "python"):
        if block in ran:
            continue
        done = subprocess.run(
            [sys.executable, "-c", block],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() in ("negative", "positive", "")
        ran.add(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_test_and_file_a_page_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text):
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_setting_is_documented_as_it_is(language):
    page = ROOT / "docs" / language / "product.md"
    assert page.read_text(encoding="utf-8") == reference(language), (
        "run: python -m steelyard.cli.reference"
    )


def test_every_chinese_description_belongs_to_a_setting():
    page = reference("en")
    assert [said for said in ZH if said not in page] == []


def test_both_readmes_make_the_same_promises():
    named = [
        re.findall(r"`(tests/[^`]+)`", (ROOT / f).read_text(encoding="utf-8"))
        for f in ("README.md", "README.zh.md")
    ]
    assert named[0] == named[1] and len(named[0]) >= 10


def test_every_page_stands_in_both_languages():
    for name in ("README", "CONTRIBUTING", "SECURITY"):
        pair = [(ROOT / f"{name}{end}.md").read_text(encoding="utf-8") for end in ("", ".zh")]
        assert pair[0].count("\n## ") == pair[1].count("\n## "), name
    pages = [{p.name for p in (ROOT / "docs" / language).glob("*.md")} for language in ("en", "zh")]
    assert pages[0] == pages[1]
    for name in pages[0] - {"product.md"}:  # generated, and compared with the settings
        heads = [
            (ROOT / "docs" / lang / name).read_text(encoding="utf-8").count("\n## ")
            for lang in ("en", "zh")
        ]
        assert heads[0] == heads[1], f"{name}: {heads} sections"


def test_both_languages_show_the_same_tables_and_commands():
    for page in sorted((ROOT / "docs" / "en").glob("*.md")):
        other = ROOT / "docs" / "zh" / page.name
        assert shown_files(page) == shown_files(other), page.name
        if shown_files(page):
            assert blocks(page, "bash") == blocks(other, "bash"), page.name
            assert blocks(page, "console") == blocks(other, "console"), page.name


def test_the_licence_is_the_whole_text_and_goes_with_the_package():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert hashlib.sha256(text.encode()).hexdigest() == APACHE_2
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0" and project["license-files"] == ["LICENSE"]


def closure(name: str) -> dict[str, str]:
    """Every distribution that `pip install name[dev]` brings here: {canonical name: version}."""
    found: dict[str, str] = {}
    waiting = [Requirement(f"{name}[dev]")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        asked = waiting.pop()
        for extra in ("", *asked.extras):
            key = (canonicalize_name(asked.name), extra)
            if key in seen:
                continue
            seen.add(key)
            held = distribution(asked.name)
            found[key[0]] = held.version
            for line in held.requires or ():
                inner = Requirement(line)
                if inner.marker is None or inner.marker.evaluate({"extra": extra}):
                    waiting.append(inner)
    return found


def test_the_constraints_pin_everything_that_was_tested():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    names = [canonicalize_name(pin.name) for pin in pins]
    assert len(names) == len(set(names)), "a package is pinned twice"
    pinned = dict(zip(names, pins, strict=True))
    installed = closure("steelyard")
    del installed["steelyard"]
    assert {"torch", "numpy", "pytest"} <= set(installed)
    assert not set(installed) - set(pinned), "installed and not pinned"
    if sys.platform == "linux" and platform.machine() == "x86_64":  # elsewhere wheels are missing
        assert not set(pinned) - set(installed), "pinned and used by nothing"
    wrong = {
        name: version
        for name, version in installed.items()
        if not pinned[name].specifier.contains(version, prereleases=True)
    }
    assert not wrong, "installed at a version that is not the pinned one"
