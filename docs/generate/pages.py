"""The reference: every page of it by its name, made from the code that it is about."""

from collections.abc import Callable, Mapping
from typing import Final

from generate.api import api_page
from generate.configuration import configuration_page
from generate.guide import guide_page
from generate.json_output import json_page
from generate.usage import usage_page
from generate.verdicts import verdicts_page

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "reference/commands.md": usage_page,
    "reference/configuration.md": configuration_page,
    "reference/guide.md": guide_page,
    "reference/verdicts.md": verdicts_page,
    "reference/json.md": json_page,
    "reference/api.md": api_page,
}
