"""What a change made of citations whose own lines it did not touch: a place, an ignore, a page's `<base href>`.

The guides' files as they were are read out of git, and their citations held against those of today.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from guides.model import Citation, CitationKey, Guide, GuideId, Library
from guides.read import read_file
from guides.settings import GuideSettings
from loccit.since import Changes, run_git


def judged_anew(changes: Changes, library: Library, settings: GuideSettings, root: Path, *, today: date) -> Changes:
    """The changes, and with them the citations that say something else than before on lines that stayed.

    A file whose former text cannot be had or read counts as changed as a whole.
    """
    now: dict[str, list[Guide]] = {}
    for guide in library.guides:
        if changes.lines.get(guide.file) is not None and guide.file in changes.blobs:
            now.setdefault(guide.file, []).append(guide)
    texts = _texts(root, [changes.blobs[name] for name in now])
    whole: set[str] = set()
    changed: set[tuple[GuideId, CitationKey]] = set()
    for name, guides in now.items():
        before = _before(name, texts.get(changes.blobs[name]), settings, today)
        if not before:
            whole.add(name)
            continue
        for guide in guides:
            changed.update((guide.id, each.key) for each in _changed(guide, _was(guide, guides, before)))
    return replace(changes, lines={**changes.lines, **dict.fromkeys(whole)}, citations=frozenset(changed))


def _before(name: str, data: bytes | None, settings: GuideSettings, today: date) -> tuple[Guide, ...]:
    return () if data is None else read_file(name, data, settings, today=today).guides


def _was(guide: Guide, guides: Sequence[Guide], before: Sequence[Guide]) -> Guide | None:
    """The same guide as it was: by its id, or, where the file holds but one, the one that it held."""
    if len(guides) == len(before) == 1:
        return before[0]
    return next((each for each in before if each.id == guide.id), None)


def _changed(guide: Guide, was: Guide | None) -> Iterator[Citation]:
    known = {} if was is None else {each.key: each for each in was.citations}
    for each in guide.citations:
        old = known.get(each.key)
        if old is None or _said(old) != _said(each):
            yield each


def _said(citation: Citation) -> tuple[object, ...]:
    """What a judgement rests on. Why it is ignored is the next editor's business; that it is, is the gate's."""
    return citation.url, citation.place, citation.render, bool(citation.ignored)


def _texts(root: Path, blobs: Sequence[str]) -> Mapping[str, bytes]:
    """The contents of git's objects, by their names; those that are missing or too many are left out."""
    if not blobs:
        return {}
    done = run_git(root, "cat-file", "--batch", "--buffer", told="\n".join(blobs).encode() + b"\n")
    found: dict[str, bytes] = {}
    out, at = done.stdout if done.returncode == 0 else b"", 0
    while at < len(out):
        end = out.find(b"\n", at)
        head = out[at:end].split()
        at = end + 1
        if len(head) != 3 or not head[2].isdigit():
            continue  # "… missing", as in a partial clone that may not fetch
        size = int(head[2])
        if head[1] == b"blob":
            found[head[0].decode()] = out[at : at + size]
        at += size + 1
    return found
