"""Real page histories with pinned floors: raising them is free, lowering them takes a reason."""

from pathlib import Path

import pytest

from crawler.drift import measure
from crawler.model import DriftKind
from crawler.page import read
from guides.model import MainContent

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT.parent / "shared" / "corpus" / "dev"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.exists(), reason="the page histories are not here"),
]


@pytest.mark.parametrize(("selectors", "least"), [(False, 0.90), (True, 0.90)])
def test_changed_is_told_from_noise(
    selectors: bool, least: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import drift, score

    out = tmp_path / "predictions.jsonl"
    drift.run(CORPUS, out, selectors=selectors, sample=16)
    predictions = {(line["timeline"], line["from"], line["to"]): line["drift"] for line in score.load(out)}
    judged = {timeline for timeline, _, _ in predictions}
    labels = [label for label in score.load(CORPUS / "labels.jsonl") if label["timeline"] in judged]
    result = score.score(predictions, labels)
    assert result.missing == 0
    assert result.recall >= 0.95
    assert result.f1 >= least


def test_changes_of_pdfs_are_seen_and_other_documents_are_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import drift, score

    labels = score.load(CORPUS / "pdf" / "labels.jsonl")
    for entry in score.load(CORPUS / "pdf" / "index.jsonl"):
        pages = {
            number: read(body, content_type="application/pdf", url=entry["url"])
            for number, _, _, body in drift.snapshots(CORPUS / entry["archive"])
        }
        assert all(page.blocks for page in pages.values())
        for label in labels:
            if label["timeline"] == entry["id"]:
                found = measure(pages[label["from"]], pages[label["to"]], MainContent(), {}).kind
                wanted = (DriftKind.BROKEN,) if label["label"] == "broken" else (DriftKind.MATERIAL, DriftKind.WORDING)
                assert found in wanted or label["materiality"] == "cosmetic"
