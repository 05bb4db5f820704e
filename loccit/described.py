"""What each setting is for: the text under its field in the dataclass of its table, for schemas and reference."""

import ast
import inspect
import textwrap
from dataclasses import fields
from typing import Any


def described(kind: type[Any]) -> dict[str, str]:
    """The fields of a dataclass in order, each with its description on one line; "" where none is written."""
    told = {item.name: "" for item in fields(kind)}
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef))
    for at, node in enumerate(body[:-1]):
        below = body[at + 1]
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            told[node.target.id] = " ".join(below.value.value.split())
    return told
