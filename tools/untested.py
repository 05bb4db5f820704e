"""What no test ran: `python tools/untested.py MEASURED.json FOLDER [FLOOR]` prints it, and fails below FLOOR per cent.

MEASURED.json is what SlipCover wrote of the tests' own processes; FOLDER holds what was run in commands that are forks
(see tests/support/loccit_forks.py). Lines and branches are counted together, as other tools do.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent


def merged(measured: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The files of `measured`, less what the forks have seen."""
    seen: dict[str, set[Any]] = {}
    for file in folder.glob("*.json"):
        for name, marks in json.loads(file.read_text("utf-8")).items():
            short = str(Path(name).relative_to(ROOT)) if Path(name).is_relative_to(ROOT) else name
            seen.setdefault(short, set()).update(tuple(mark) if isinstance(mark, list) else mark for mark in marks)
    files: dict[str, Any] = measured["files"]
    for name, told in files.items():
        for kind in ("lines", "branches"):
            missing = {tuple(each) if isinstance(each, list) else each for each in told[f"missing_{kind}"]}
            found = missing & seen.get(name, set())
            told[f"missing_{kind}"] = sorted(missing - found)
            told[f"executed_{kind}"] = len(told[f"executed_{kind}"]) + len(found)
    return files


def ranges(numbers: Iterable[int]) -> Iterator[str]:
    """ "3, 5-9" out of 3, 5, 6, 7, 8, 9."""
    run: list[int] = []
    for number in [*sorted(numbers), -1]:
        if run and number != run[-1] + 1:
            yield str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}"
            run = []
        run.append(number)


def main() -> int:
    files = merged(json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2]))
    floor = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
    counts = dict.fromkeys(("executed_lines", "missing_lines", "executed_branches", "missing_branches"), 0)
    for name, told in sorted(files.items()):
        for key in counts:
            counts[key] += told[key] if key.startswith("executed") else len(told[key])
        lines = set(told["missing_lines"])
        # A branch out of or into a line that was not run says nothing new.
        branches = [
            f"{a}->{b if b else 'exit'}" for a, b in told["missing_branches"] if a not in lines and b not in lines
        ]
        if lines or branches:
            print(f"{name}: {', '.join([*ranges(lines), *branches])}")
    lines_all = counts["executed_lines"] + counts["missing_lines"]
    branches_all = counts["executed_branches"] + counts["missing_branches"]
    covered = 100 * (counts["executed_lines"] + counts["executed_branches"]) / max(1, lines_all + branches_all)
    print(
        f"covered: {100 * counts['executed_lines'] / max(1, lines_all):.1f} % of {lines_all} lines, "
        f"{100 * counts['executed_branches'] / max(1, branches_all):.1f} % of {branches_all} branches, "
        f"{covered:.1f} % together (at least {floor:g} is asked for)"
    )
    return 1 if covered < floor else 0


if __name__ == "__main__":
    sys.exit(main())
