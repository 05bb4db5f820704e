"""Runs the steps of GitHub actions and workflows without GitHub: each `run:` with bash, as on a runner."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import loccit_forks
import yaml

ROOT = Path(__file__).parents[2]
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")


def parsed(file: str) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((ROOT / file).read_text("utf-8"))
    return told


@dataclass(kw_only=True)
class Runner:
    """A job's machine. `contexts` are what expressions see (`github`, `inputs`); `environ` what GitHub sets."""

    workspace: Path
    temp: Path
    contexts: Mapping[str, Any]
    environ: Mapping[str, str] = field(default_factory=dict)
    failed: bool = False
    log: str = ""
    steps: dict[str, Any] = field(default_factory=dict)

    def go(self, steps: list[dict[str, Any]], *, leave_out: tuple[str, ...] = ()) -> int:
        """The exit code of the first step that failed, else 0. Steps that `uses:` something are not run."""
        self.temp.mkdir(exist_ok=True)
        code = 0
        for step in steps:
            if "run" not in step or step.get("name") in leave_out or not self._wanted(step):
                continue
            ended = self._run(step)
            self.failed |= ended != 0
            code = code or ended
        return code

    @property
    def summary(self) -> str:
        file = self.temp / "summary"
        return file.read_text("utf-8") if file.exists() else ""

    def _wanted(self, step: Mapping[str, Any]) -> bool:
        condition = str(step.get("if", "success()"))
        if not re.search(r"\b(always|success|failure)\(\)", condition):
            condition = f"success() && {condition}"
        return bool(self.value(condition))

    def _run(self, step: Mapping[str, Any]) -> int:
        files = {name: self.temp / name.lower() for name in ("OUTPUT", "ENV", "PATH")}
        for file in files.values():
            file.write_text("", "utf-8")
        summary = self.temp / "summary"
        loccit_forks.write_script(self.temp)
        environ = {
            "PATH": os.pathsep.join((str(self.temp), str(Path(sys.executable).parent), os.environ["PATH"])),
            "HOME": str(self.temp),
            "LANG": "C.UTF-8",
            "CI": "true",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_STEP_SUMMARY": str(summary),
            **{f"GITHUB_{name}": str(file) for name, file in files.items()},
            **self.environ,
            **{name: self.filled(str(value)) for name, value in step.get("env", {}).items()},
        }
        # As the runner calls it.
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.filled(step["run"])]
        done = subprocess.run(command, cwd=self.workspace, env=environ, capture_output=True, text=True, timeout=120)
        self.log += done.stdout + done.stderr
        outputs = dict(line.split("=", 1) for line in files["OUTPUT"].read_text("utf-8").splitlines())
        outcome = "success" if done.returncode == 0 else "failure"
        self.steps[step.get("id", "")] = {"outputs": outputs, "outcome": outcome}
        return done.returncode

    def filled(self, text: str) -> str:
        return _EXPRESSION.sub(lambda found: str(self.value(found[1])), text)

    def value(self, expression: str) -> Any:
        """Of the few forms that ours have: `||`, `&&`, `==`, `!=`, texts, functions and contexts."""
        expression = expression.strip()
        for operator in ("||", "&&"):
            parts = expression.split(operator)
            if len(parts) > 1:
                values = [self.value(part) for part in parts]
                wanted = operator == "||"
                return next((each for each in values if bool(each) is wanted), values[-1])
        for operator in ("==", "!="):
            left, found, right = expression.partition(operator)
            if found:
                return (str(self.value(left)) == str(self.value(right))) is (operator == "==")
        if expression.startswith("'"):
            return expression.strip("'")
        if call := re.fullmatch(r"(\w+)\((.*)\)", expression):
            return self._call(call[1], call[2])
        value: Any = {**self.contexts, "steps": self.steps}
        for name in expression.split("."):
            value = value.get(name, "") if isinstance(value, Mapping) else ""
        return value

    def _call(self, name: str, argument: str) -> Any:
        if name == "hashFiles":
            return "digest" if (self.workspace / str(self.value(argument))).exists() else ""
        return {"always": True, "success": not self.failed, "failure": self.failed}[name]
