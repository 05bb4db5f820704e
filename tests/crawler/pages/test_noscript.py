"""A frame that nothing closes in a `noscript` does not swallow the page."""

import pytest

from crawler.page import read


@pytest.mark.parametrize(
    "frame", ["<iframe src=a />", '<iframe src="a" height="0"/>', "<iframe src=a>", "<iframe src=a></iframe>"]
)
@pytest.mark.parametrize("space", ["", "\n  "])
def test_a_frame_in_the_head(frame: str, space: str) -> None:
    source = f"<title>T</title><noscript>{space}{frame}{space}</noscript><script>1</script><body><p>The page.</p>"
    page = read(source.encode(), content_type="text/html")
    assert [block.text for block in page.blocks if not block.hidden] == ["The page."]
    assert page.title == "T"
