"""Decisions into guides' files: written in place, committed on a branch of their own, or as a patch."""

import difflib
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from guides.load import read_bytes
from guides.model import Guide, GuideProblem
from guides.read import mapping_for, read_file
from guides.relink import Relink, relink
from guides.rewrite import replace_bytes
from guides.settings import GuideSettings
from guides.source import Source, decode
from guides.writeback import WritebackError, set_verified
from review.casework import DecisionError, FileChange, Replacement
from review.ports import TakenBack, Writing
from review.text import count, inert, one_line

BRANCH: Final = "loccit/verified"
_GIT_SECONDS: Final = 30


class FileScribe:
    """Guides' files below `root`. Raises DecisionError, and then nothing was written."""

    def __init__(self, root: Path, settings: GuideSettings, *, prefer: str = "file") -> None:
        self._root = root
        self._settings = settings
        self._prefer = prefer
        self._git = _top_of(root)

    def ways(self) -> Sequence[Writing]:
        """What is possible here, the preferred one first."""
        ways = [Writing.FILE] if os.access(self._root, os.W_OK) else []
        if self._git is not None:
            ways.append(Writing.BRANCH)
        ways.append(Writing.PATCH)
        if self._prefer == Writing.NONE.value:
            return [Writing.NONE, *ways]
        return sorted(ways, key=lambda way: way.value != self._prefer)

    def verified(self, guides: Sequence[Guide], on: date) -> list[FileChange]:
        """What setting the verified date makes of the guides' files."""
        made: dict[str, FileChange] = {}
        for guide in guides:
            known = made.get(guide.file)
            before = known.before if known else self._bytes(guide.file)
            try:
                mapping = mapping_for(guide.file, self._settings) if _structured(guide.file) else None
                after = set_verified(guide.file, known.after if known else before, guide, on, mapping=mapping)
            except WritebackError as error:
                raise DecisionError(
                    f"{one_line(str(error), 300)}. Choose to leave the file alone, or mend it."
                ) from None
            again = read_file(guide.file, after, self._settings, today=on).guides
            if not any(other.id == guide.id and other.verified == on for other in again):
                raise DecisionError(f"{guide.file}: the date cannot be set safely here; leave the file alone.")
            made[guide.file] = FileChange(name=guide.file, before=before, after=after)
        return [change for change in made.values() if change.before != change.after]

    def relinked(self, links: Sequence[Replacement]) -> list[FileChange]:
        """What other addresses make of the guides' files."""
        by_file: dict[str, list[Relink]] = {}
        for link in links:
            by_file.setdefault(link.file, []).append(Relink(guide=link.guide, citation=link.citation, url=link.url))
        made = []
        for name, wanted in by_file.items():
            before = self._bytes(name)
            done = relink(name, before, wanted, self._settings, today=date(9999, 1, 1))
            if done.refused:
                raise DecisionError(f"{name}: this address cannot be replaced safely; change it by hand.")
            made.append(FileChange(name=name, before=before, after=done.data))
        return [change for change in made if change.before != change.after]

    def write(self, changes: Sequence[FileChange], *, way: Writing, by: str, message: str) -> str:
        match way:
            case Writing.FILE:
                self._swap([(each.name, each.before, each.after) for each in changes])
                return f"written to {_named(changes)}"
            case Writing.BRANCH:
                return self._commit({each.name: each.after for each in changes}, by=by, message=message)
            case Writing.PATCH:
                return f"patch for {_named(changes)}"
            case Writing.NONE:
                return ""

    def take_back(self, changes: Sequence[FileChange], *, way: Writing, by: str, message: str) -> TakenBack:
        """Put the files as they were before, where nobody has changed them since. On the branch, a commit does it:
        what others may have fetched is not rewritten.
        """
        match way:
            case Writing.FILE:
                put = [self._put_back(each) for each in changes]
                return TakenBack.FILES if all(put) else TakenBack.LEFT
            case Writing.BRANCH:
                return self._revert(changes, by=by, message=message)
            case Writing.PATCH:
                return TakenBack.PATCH
            case Writing.NONE:
                return TakenBack.NOTHING

    def _put_back(self, change: FileChange) -> bool:
        try:
            if self._bytes(change.name) != change.after:
                return False
            replace_bytes(self._root, change.name, change.after, change.before)
        except (WritebackError, DecisionError):
            return False
        return True

    def patch(self, changes: Sequence[FileChange]) -> str:
        """A unified diff that `git apply` takes, run in the folder of loccit.toml."""
        return inert("".join(line for each in changes for line in _diff(each)))

    def _bytes(self, name: str) -> bytes:
        data = read_bytes(self._root / name, name, self._settings.max_bytes)
        if isinstance(data, GuideProblem):
            raise DecisionError(one_line(str(data), 300))
        return data

    def _swap(self, wanted: Sequence[tuple[str, bytes, bytes]]) -> None:
        """All or nothing: what was written before one that fails is put back."""
        done: list[tuple[str, bytes, bytes]] = []
        try:
            for name, before, after in wanted:
                replace_bytes(self._root, name, before, after)
                done.append((name, before, after))
        except WritebackError as error:
            for name, before, after in reversed(done):
                replace_bytes(self._root, name, after, before)
            raise DecisionError(one_line(str(error), 300)) from None

    # ------------------------------------------------------------ git

    def _commit(self, files: Mapping[str, bytes], *, by: str, message: str) -> str:
        """A commit on the branch, made beside the working tree: neither it nor the index is touched."""
        assert self._git is not None
        head = self._run("rev-parse", "--verify", "--quiet", f"refs/heads/{BRANCH}", check=False)
        base = head or self._run("rev-parse", "--verify", "HEAD")
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._run("read-tree", base, env=index)
            for name, data in files.items():
                path = self._in_repository(name)
                mode = (self._run("ls-tree", base, "--", f":(top,literal){path}") or "100644").split()[0]
                blob = self._run("hash-object", "-w", "--stdin", stdin=data)
                self._run("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", env=index)
            tree = self._run("write-tree", env=index)
        who = one_line(by, 80).replace("<", "").replace(">", "") or "loccit"
        people = {
            "GIT_AUTHOR_NAME": who,
            "GIT_AUTHOR_EMAIL": "loccit@localhost",
            "GIT_COMMITTER_NAME": "loccit",
            "GIT_COMMITTER_EMAIL": "loccit@localhost",
        }
        commit = self._run("commit-tree", tree, "-p", base, "-m", one_line(message, 200), env=people)
        self._run("update-ref", f"refs/heads/{BRANCH}", commit, head or "0" * 40)
        return f"committed {commit[:10]} on {BRANCH}"

    def _in_repository(self, name: str) -> str:
        assert self._git is not None
        prefix = self._root.resolve().relative_to(self._git).as_posix()
        return name if prefix == "." else f"{prefix}/{name}"

    def _revert(self, changes: Sequence[FileChange], *, by: str, message: str) -> TakenBack:
        """A commit that puts the files as they were, if all of them are on the branch as the decision left them."""
        if self._git is None:
            return TakenBack.LEFT
        try:
            for each in changes:
                path = self._in_repository(each.name)
                there = self._run("rev-parse", "--verify", "--quiet", f"refs/heads/{BRANCH}:{path}", check=False)
                if not there or there != self._run("hash-object", "--stdin", stdin=each.after):
                    return TakenBack.LEFT
            self._commit({each.name: each.before for each in changes}, by=by, message=message)
        except DecisionError:
            return TakenBack.LEFT
        return TakenBack.COMMIT

    def _run(self, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, check: bool = True) -> str:
        # The words are our own; what comes from outside (names, messages) is an argument of its own, never a shell's.
        try:
            done = subprocess.run(  # noqa: S603
                ["git", "-C", str(self._git), *words],  # noqa: S607
                input=stdin,
                capture_output=True,
                timeout=_GIT_SECONDS,
                env={**os.environ, **(env or {})},
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DecisionError(f"git could not be run: {error}") from None
        if done.returncode and check:
            raise DecisionError(f"git: {one_line(done.stderr.decode('utf-8', 'replace'), 200)}")
        return done.stdout.decode("utf-8", "replace").strip()


def _structured(name: str) -> bool:
    return name.lower().endswith((".json", ".yaml", ".yml"))


def _named(changes: Sequence[FileChange]) -> str:
    if len(changes) == 1:
        return one_line(changes[0].name, 120)
    return count(len(changes), "file")


def _diff(change: FileChange) -> list[str]:
    before, after = (_lines(change.name, data) for data in (change.before, change.after))
    made = difflib.unified_diff(before, after, f"a/{change.name}", f"b/{change.name}")
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in made]


def _lines(name: str, data: bytes) -> list[str]:
    source = decode(name, data)
    text = source.text if isinstance(source, Source) else ""
    return [line + "\n" for line in text.split("\n")[:-1]] + [line for line in text.split("\n")[-1:] if line]


def _top_of(root: Path) -> Path | None:
    """The work tree's top folder; None where there is no git, no repository, or no commit yet."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "rev-parse", "--show-toplevel", "--verify", "HEAD"],  # noqa: S607
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return Path(lines[0]).resolve() if not done.returncode and lines else None
