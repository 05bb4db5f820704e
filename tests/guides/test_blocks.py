"""Block rules chosen by a line's first character make of a text what all rules tried in turn make of it."""

import random
from typing import Any

from markdown_it import MarkdownIt

import guides.inline
from guides.blocks import by_first_character

PIECES = (
    *(
        "# One\n",
        "Two\n===\n",
        "Three\n---\n",
        "- - -\n",
        "***\n",
        "* a\n",
        "- b\n",
        "+ c\n",
        "10. d\n",
        "1) e\n",
        "2. f\n",
    ),
    *(
        "> q\n",
        ">\n",
        "> > r\n",
        ">- s\n",
        "lazy\n",
        "```\nc\n```\n",
        "~~~ x\nd\n",
        "    code\n",
        "\tcode\n",
        "  \n",
        "\n",
        "\n",
    ),
    *(
        "[a]: /u\n",
        '[b]: <v>\n "t"\n',
        "[^n]: note\n",
        "    more\n",
        "text [^n]\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
    ),
    *(
        "a\n|-\n",
        "a | b\n:-:|-\nx\n",
        "<div>\n",
        "</div>\n",
        "<!-- c\n",
        "-->\n",
        "<a href=x>\n",
        "<?p?>\n",
        "=\n",
        "-\n",
        "1.\n",
    ),
    *(
        "   - deep\n",
        "     - deeper\n",
        "  para\n",
        "1. x\n\n   y\n",
        "\\# no\n",
        "٣. no\n",
        "é\n",
        "#\n",
        "####### no\n",
        "_ _ _\n",
    ),
)


def plain_parser() -> MarkdownIt:
    made = guides.inline.make_parser()
    del made.block.ruler.getRules
    return made


def shown(parser: MarkdownIt, text: str) -> tuple[list[Any], dict[str, Any]]:
    env: dict[str, Any] = {}
    return [token.as_dict() for token in parser.parse(text, env)], env


def test_every_mixture_of_blocks_is_read_alike() -> None:
    dice = random.Random(7)
    usual, chosen = plain_parser(), guides.inline.make_parser()
    assert chosen.block.ruler.getRules() != usual.block.ruler.getRules(), "the protection is live"
    for _ in range(1_500):
        text = "".join(dice.choices(PIECES, k=dice.randint(1, 9)))
        if dice.random() < 0.3:
            text = "".join(f"{dice.choice(('> ', '- ', '  ', '1. '))}{line}\n" for line in text.splitlines())
        assert shown(chosen, text) == shown(usual, text), text


def test_a_parser_with_other_rules_is_helped_too() -> None:
    bare = MarkdownIt("commonmark").disable("hr")
    other = MarkdownIt("commonmark").disable("hr")
    by_first_character(other.block.ruler)
    assert other.render("***\n# a\n- b\n") == bare.render("***\n# a\n- b\n")
