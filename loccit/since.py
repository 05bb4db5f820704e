"""What a change touched, by git: files, and the lines in them that are new or different."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from guides.model import Citation, CitationKey, Guide, GuideId, Library
from loccit.errors import UsageError

_LOCAL = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_NAMESPACE"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE"),
    *("GIT_REPLACE_REF_BASE", "GIT_NO_REPLACE_OBJECTS", "GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX"),
)
"""What `git rev-parse --local-env-vars` lists, less git's own settings."""
_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_LONE_CR = re.compile(rb"\r(?!\n)")
_DEEPER = "Fetch more history: `fetch-depth: 0` for actions/checkout, GIT_DEPTH: 0 in GitLab, `git fetch --unshallow`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Files under the root, each with its added or changed lines; None for a file that is new as a whole."""

    lines: Mapping[str, frozenset[int] | None]
    deleted: frozenset[str] = frozenset()
    """Files that are no longer there, the old names of renamed ones among them."""
    blobs: Mapping[str, str] = field(default_factory=dict)
    """Of files that are not new as a whole: git's name for the contents that they had before."""
    citations: frozenset[tuple[GuideId, CitationKey]] = frozenset()
    """Citations that say something else than before, wherever they stand."""

    def touches(self, guide: Guide, citation: Citation) -> bool:
        """Whether this citation is new, says something else, or stands on an added or changed line."""
        if guide.file not in self.lines:
            return False
        lines = self.lines[guide.file]
        return lines is None or citation.line in lines or (guide.id, citation.key) in self.citations


def changes_since(root: Path, revision: str, *, tracked: bool = False) -> Changes:
    """What differs between `revision`'s merge base with HEAD and the working tree.

    Renamed files count by what was changed in them; files that git does not track yet count as new, and with `tracked`
    not at all. Raises UsageError where git cannot tell.
    """
    if not revision.strip():
        # An unset variable of a CI job: everything would be checked, or nothing, and nobody would notice.
        raise UsageError("--since names no revision: it is empty", "Is the variable that it comes from set?")
    if revision.startswith("-"):
        raise UsageError(f"{revision!r} is no git revision")
    base = _merge_base(root, revision)
    # Renames are found in the whole repository, since a guide may come from outside of this folder.
    common = ("diff", "--relative", "--find-renames", "--diff-filter=d", "--no-ext-diff", "--submodule=short")
    names = _git(root, *common, "--raw", "--no-abbrev", "-z", base, "--")
    lines: dict[str, frozenset[int] | None] = {}
    blobs: dict[str, str] = {}
    for status, blob, name in _names(names):
        whole = status.startswith("A")
        lines[name] = None if whole else frozenset()
        blobs[name] = blob
    if any(found is not None for found in lines.values()):
        lines.update(_changed_lines(root, base, common, lines))
    if not tracked:
        untracked = _git(root, "ls-files", "-z", "--others", "--exclude-standard", "--", ".")
        lines.update(dict.fromkeys(filter(None, untracked.split("\0"))))
    gone = ("diff", "--relative", "--no-renames", "--diff-filter=D", "--no-ext-diff", "--name-only", "-z", base, "--")
    return Changes(lines=lines, deleted=frozenset(filter(None, _git(root, *gone).split("\0"))), blobs=blobs)


def only_changed(library: Library, changes: Changes, root: Path) -> Library:
    """The guides and problems of the changed files, and the paths that lead to nothing.

    Without the last, a gate whose path is mistyped would pass for ever. A file that the change deletes may be named.
    """

    def told(file: str) -> bool:
        return file in changes.lines or (file not in changes.deleted and not (root / file).exists())

    return Library(
        guides=tuple(guide for guide in library.guides if guide.file in changes.lines),
        problems=tuple(problem for problem in library.problems if told(problem.file)),
    )


def counted_alike(changes: Changes, library: Library, root: Path) -> Changes:
    """The changes where git's line numbers are not ours: a guide with a lone CR counts as changed as a whole.

    A lone CR ends a line in CommonMark and HTML, and none to git: a new link would be looked for on the wrong line.
    """
    partly = {guide.file for guide in library.guides if changes.lines.get(guide.file) is not None}
    other = filter(lambda name: _has_lone_cr(root / name), partly)
    return replace(changes, lines={**changes.lines, **dict.fromkeys(other)})


def _has_lone_cr(file: Path) -> bool:
    try:
        return _LONE_CR.search(file.read_bytes()) is not None
    except OSError:
        # It was there a moment ago: rather too much is judged than a new link missed.
        return True


def top_of(root: Path) -> str:
    """The way from the repository's top folder to `root`, with `/` at its end; "" at the top or outside of any."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            way = root.relative_to(folder).as_posix()
            return "" if way == "." else f"{way}/"
    return ""


def _names(told: str) -> list[tuple[str, str, str]]:
    """Status, former contents and new name of each file of `--raw -z`."""
    fields = iter(told.split("\0"))
    found: list[tuple[str, str, str]] = []
    for head in fields:
        if not head:
            continue
        _, _, blob, _, status = head.split(" ")
        name = next(fields, "")
        if status[0] in "RC":
            name = next(fields, "")
        found.append((status, blob, name))
    return found


def _changed_lines(
    root: Path, base: str, common: tuple[str, ...], lines: Mapping[str, frozenset[int] | None]
) -> dict[str, frozenset[int] | None]:
    """By one file's diff after the other's name: names are taken from `--raw`, never from a patch's text."""
    told = _git(
        root,
        *common,
        "--unified=0",
        "--inter-hunk-context=0",
        "--no-textconv",
        "--no-color",
        "--no-prefix",
        "--text",
        base,
        "--",
    )
    parts = re.split(r"(?m)^diff --git ", told)[1:]
    found: dict[str, frozenset[int] | None] = {}
    # git tells the files in the same order both times.
    for name, part in zip(lines, parts, strict=False):
        if lines[name] is None:
            continue
        # A content line begins with + or -, so that none of them is taken for a hunk's head.
        found[name] = frozenset(
            line
            for hunk in _HUNK.finditer(part)
            for line in range(int(hunk[1]), int(hunk[1]) + int(hunk[2] if hunk[2] is not None else 1))
        )
    if len(parts) != len(lines):
        # Something in between that we do not understand: rather everything is judged than a new link missed.
        return dict.fromkeys(lines)
    return found


def _merge_base(root: Path, revision: str) -> str:
    shallow = run_git(root, "rev-parse", "--is-shallow-repository")
    if shallow.returncode != 0:
        raise UsageError(f"--since: {root} is in no git repository", _said(shallow))
    is_shallow = shallow.stdout.strip() == b"true"
    if run_git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").returncode != 0:
        if revision == "HEAD" and not _git(root, "rev-list", "--max-count=1", "--all").strip():
            # Before a repository's first commit, as a hook: all of it is new.
            return _git(root, "hash-object", "-t", "tree", os.devnull).strip()
        hint = f"This clone is shallow. {_DEEPER}" if is_shallow else "Is it fetched? `git fetch origin` may help."
        raise UsageError(f"--since: there is no revision {revision!r} here", hint)
    base = run_git(root, "merge-base", revision, "HEAD")
    if base.returncode == 0:
        return base.stdout.decode().strip().splitlines()[0]
    if is_shallow:
        message = f"--since: the history is too shallow to find where this branch left {revision}"
        raise UsageError(message, _DEEPER)
    raise UsageError(
        f"--since: {revision} and HEAD have no common ancestor", "Name a revision that this one came from."
    )


def _git(root: Path, *arguments: str) -> str:
    done = run_git(root, *arguments)
    if done.returncode != 0:
        raise UsageError("--since: git could not tell what changed", _said(done))
    return done.stdout.decode("utf-8", "surrogateescape")


def run_git(root: Path, *arguments: str, told: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """What git answers of the repository around a folder; `told` is its standard input.

    Raises UsageError where there is no git, or no answer for two minutes.
    """
    try:
        return subprocess.run(  # noqa: S603
            ["git", "-C", str(root), *arguments],  # noqa: S607
            capture_output=True,
            input=told,
            check=False,
            timeout=120,
            env=_environment(root),
        )
    except FileNotFoundError:
        raise UsageError("--since needs git, which is not installed") from None
    except subprocess.TimeoutExpired:
        raise UsageError("git did not answer within two minutes") from None


def _environment(root: Path) -> dict[str, str]:
    """The environment without what names another repository: git sets that for hooks, which may be another's.

    Where no `.git` is found from the folder up, what is set says where the repository is.
    """
    found = dict(os.environ)
    if any((folder / ".git").exists() for folder in (root, *root.parents)):
        for name in _LOCAL:
            found.pop(name, None)
    return {**found, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"git says: {lines[0]}" if lines else ""
