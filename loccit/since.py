"""Which files a git revision range touched."""

import subprocess
from pathlib import Path

from guides.model import Library
from loccit.errors import UsageError


def changed_since(root: Path, revision: str) -> frozenset[str]:
    """Files under `root`, relative to it, that differ between `revision`'s merge base and the working tree.

    Files that git does not track yet count as changed. Raises UsageError where git cannot tell.
    """
    if revision.startswith("-"):
        raise UsageError(f"{revision!r} is no git revision")
    base = _git(root, "merge-base", revision, "HEAD").strip()
    diff = _git(root, "diff", "--name-only", "-z", "--relative", "--diff-filter=d", base, "--", ".")
    untracked = _git(root, "ls-files", "-z", "--others", "--exclude-standard", "--", ".")
    return frozenset(name for name in (diff + untracked).split("\0") if name)


def only_files(library: Library, files: frozenset[str]) -> Library:
    """The guides and problems of these files."""
    return Library(
        guides=tuple(guide for guide in library.guides if guide.file in files),
        problems=tuple(problem for problem in library.problems if problem.file in files),
    )


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), *arguments],  # noqa: S607
            capture_output=True,
            check=False,
            timeout=60,
        )
    except FileNotFoundError:
        raise UsageError("--since needs git, which is not installed") from None
    except subprocess.TimeoutExpired:
        raise UsageError("git did not answer within a minute") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        hint = "In a shallow clone the revision may be missing: fetch more history (fetch-depth: 0)."
        raise UsageError(f"git {arguments[0]} failed: {said[0] if said else 'no common ancestor'}", hint)
    return done.stdout.decode("utf-8", "surrogateescape")
