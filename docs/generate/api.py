"""The page on the JSON API, from the OpenAPI document that the application serves."""

import json
from typing import Any

from generate.markdown import cell, code, table

from review.web.openapi import document


def api_page() -> str:
    made: dict[str, Any] = json.loads(document("", "/"))
    parts = [
        "# JSON API",
        "",
        made["info"]["description"],
        "",
        "`loccit serve` serves it, and its OpenAPI 3.1 document at `/api/v1/openapi.json`. A token comes from "
        "`loccit token add NAME` (`--scope decide` to decide as well) and goes into the header "
        "`Authorization: Bearer …`. Lists are given page by page: ask again with `cursor` set to `next`.",
        "",
    ]
    for path, operations in made["paths"].items():
        for method, told in operations.items():
            parts += _operation(path, method, told)
    parts += ["## Values", ""]
    for name, schema in made["components"]["schemas"].items():
        parts += [f"### {name}", "", cell(schema.get("description", "")), "", _fields(schema), ""]
    return "\n".join(parts)


def _operation(path: str, method: str, told: dict[str, Any]) -> list[str]:
    parts = [f"## {method.upper()} {path}", "", told["summary"], ""]
    if told.get("security") == []:
        parts += ["Needs no token.", ""]
    if told["parameters"]:
        rows = [(code(each["name"]), each["in"], cell(_kind(each["schema"]))) for each in told["parameters"]]
        parts += [table(("parameter", "in", "value"), rows), ""]
    if "requestBody" in told:
        parts += [f"Body: {_linked(_schema(told['requestBody']))}.", ""]
    rows = [
        (status, cell(answer["description"]), _linked(_schema(answer))) for status, answer in told["responses"].items()
    ]
    return [*parts, table(("status", "means", "body"), rows), ""]


def _schema(told: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = told["content"]["application/json"]["schema"]
    return schema


def _fields(schema: dict[str, Any]) -> str:
    needed = schema.get("required", [])
    rows = [
        (code(key), _linked(told), "" if key in needed else "may be left out")
        for key, told in schema.get("properties", {}).items()
    ]
    return table(("field", "value", ""), rows)


def _linked(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if schema.get("type") == "array":
        return f"list of {_linked(schema['items'])}"
    if "anyOf" in schema:
        return " or ".join(_linked(each) for each in schema["anyOf"])
    return cell(_kind(schema))


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    kind = str(schema.get("type", "anything"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind
