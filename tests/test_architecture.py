"""What no linter knows about the shape of the tree."""

import ast
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("guides", "crawler", "review", "storage", "loccit")
MODULES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_says_what_it_owns_and_is_one_file(file: Path) -> None:
    text = file.read_text("utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module opens with a sentence saying what it owns"
    assert len(text.splitlines()) <= 450, "a file that needs a table of contents is two files"
    if file.name == "__init__.py" and file.parent.name in PACKAGES:
        assert len(tree.body) == 1, "a package root re-exports nothing"


def test_tests_are_no_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_the_map_names_every_module() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "modules.py"))
    assert made["PAGE"].read_text("utf-8") == made["page"](), "run `python docs/modules.py`"


def test_pages_are_parsed_in_one_place() -> None:
    importers = {
        str(file.relative_to(ROOT))
        for file in MODULES
        if any(
            "selectolax" in line
            for line in file.read_text("utf-8").splitlines()
            if line.startswith(("import ", "from "))
        )
    }
    assert importers <= {"crawler/html.py", "crawler/selectors.py"}


def test_no_benchmark_hides_a_package() -> None:
    """A script's folder comes first on the path: `benchmarks/review.py` would stand in for the package `review`."""
    packages = {folder.parent.name for folder in ROOT.glob("*/__init__.py")}
    assert not packages & {file.stem for file in (ROOT / "benchmarks").glob("*.py")}
