"""Ignores in guides' files and in the configuration: what they are about, and what is told of those that are wrong."""

from datetime import date

import pytest

from guides.ignores import apply_rules, matches
from guides.model import Library
from guides.read import read_file
from guides.settings import GuideSettings, Ignore

TODAY = date(2026, 11, 24)


def read(text: str, name: str = "a.md") -> Library:
    return read_file(name, text.encode(), GuideSettings(), today=TODAY)


def ignored(library: Library) -> list[str]:
    return [each.ignored for guide in library.guides for each in guide.citations]


def test_a_comment_is_about_the_citations_of_its_line() -> None:
    library = read(
        "# T\n\n[a](https://a.org) <!-- loccit: ignore only for members -->\n[b](https://b.org)\n", name="a.md"
    )
    assert ignored(library) == ["only for members", ""]
    assert library.problems == ()


def test_a_comment_alone_on_its_line_is_about_the_next() -> None:
    library = read("# T\n\n<!--loccit:ignore: needs a login-->\nhttps://a.org\n\nhttps://b.org\n")
    assert ignored(library) == ["needs a login", ""]


def test_front_matter_and_yaml_have_their_own_comments() -> None:
    front = (
        "---\ntitle: T\nofficial:\n  - url: https://a.org  # loccit: ignore members\n"
        "  # loccit: ignore slow\n  - https://b.org\n---\n"
    )
    assert ignored(read(front)) == ["members", "slow"]
    assert ignored(read(front.replace("---\n", ""), "a.yaml")) == ["members", "slow"]


def test_html_pages_take_the_html_form() -> None:
    page = "<h1>T</h1>\n<p><a href=https://a.org>a</a> <!-- loccit: ignore down for May -->\n"
    assert ignored(read(page, "a.html")) == ["down for May"]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("<!-- loccit: ignore -->", "an ignore without a reason is not followed"),
        ("<!-- loccit: ingore it -->", "loccit does not know “ingore” in a comment"),
    ],
)
def test_an_ignore_that_is_wrong_is_told_and_not_followed(comment: str, said: str) -> None:
    library = read(f"# T\n\nhttps://a.org {comment}\n")
    assert ignored(library) == [""]
    (problem,) = library.problems
    assert (problem.message, problem.line, problem.fatal) == (said, 3, False)


def test_an_unused_ignore_is_told() -> None:
    (problem,) = read("# T\n\nText. <!-- loccit: ignore was once a link -->\n").problems
    assert (problem.line, problem.message) == (3, "an ignore that is not used: this line cites no source")


def test_a_comment_shown_in_a_code_block_is_no_ignore() -> None:
    library = read("# T\n\n````html\n```\n<!-- loccit: ignore x -->\n````\nhttps://a.org\n")
    assert (ignored(library), library.problems) == ([""], ())


@pytest.mark.parametrize(
    ("rule", "url", "hit"),
    [
        (Ignore(reason="r", host="a.org"), "https://A.org/x", True),
        (Ignore(reason="r", host="a.org"), "https://www.a.org/x", False),
        (Ignore(reason="r", host="*.a.org"), "https://www.a.org:8443/x", True),
        (Ignore(reason="r", host="*.a.org"), "https://evil-a.org/", False),
        (Ignore(reason="r", url="https://a.org/members/*"), "https://a.org/members/x/y?z", True),
        (Ignore(reason="r", url="https://a.org/members/*"), "https://a.org/other", False),
        (Ignore(reason="r", url="*/x", host="a.org"), "https://b.org/x", False),
        (Ignore(reason="r", host="a.org"), "https://[", False),
        (Ignore(reason="r"), "https://a.org", False),
    ],
)
def test_rules(rule: Ignore, url: str, hit: bool) -> None:
    assert matches(rule, url) is hit


def test_a_rule_that_matches_nothing_is_told_when_everything_was_read() -> None:
    library = read("# T\n\nhttps://a.org https://b.org\n")
    rules = (Ignore(reason="members", host="a.org"), Ignore(reason="gone", host="c.org"))
    done = apply_rules(library, rules, file="loccit.toml", complete=True)
    assert ignored(done) == ["members", ""]
    (problem,) = done.problems
    assert str(problem).startswith('loccit.toml: an ignore that is not used: no citation matches host = "c.org"')
    assert apply_rules(library, rules, file="loccit.toml", complete=False).problems == ()


def test_a_comment_shown_as_code_in_a_sentence_is_no_ignore() -> None:
    shown = read("# T\n\nWrite `<!-- loccit: ignore why -->` beside [a](https://a.org).\n")
    assert ignored(shown) == [""]
    real = read("# T\n\n[a](https://a.org) is `x` and ``y`` <!-- loccit: ignore members --> [b](https://b.org) `\n")
    assert ignored(real) == ["members", "members"]
    many = read("# T\n\n[a](https://a.org) " + "` `` ``` " * 2000 + "<!-- loccit: ignore members -->\n")
    assert ignored(many) == ["members"]
