"""Reads an AsyncAPI 3.0 document: what it refers to, and what of it is not true."""

import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator

Json = dict[str, Any]


def found(document: Json, reference: Any) -> Any:
    """What a reference stands for, as often as that is one itself."""
    while isinstance(reference, dict) and "$ref" in reference:
        value: Any = document
        for part in reference["$ref"].removeprefix("#/").split("/"):
            value = value[part]
        reference = value
    return reference


def messages(document: Json, references: list[Json]) -> list[Json]:
    """The messages that references stand for."""
    return [found(document, one) for one in references]


def faults_of(document: Json, schema: Json, value: Any) -> list[str]:
    """What of a value is not as a schema of the document says."""
    validator = Draft7Validator({**schema, "components": document["components"]})
    return [f"{one.json_path}: {one.message}" for one in validator.iter_errors(value)]


def fits(document: Json, message: Json, payload: Any) -> bool:
    """Whether a payload is one of a message."""
    return not faults_of(document, message["payload"], payload)


def url_of(document: Json, channel: Json, /, **parameters: str) -> str:
    """Where a channel is, by the first of its servers."""
    server = found(document, channel["servers"][0])
    address = channel["address"]
    for name, declared in channel.get("parameters", {}).items():
        assert parameters[name] in declared["enum"]
        address = address.replace(f"{{{name}}}", parameters[name])
    return f"{server['protocol']}://{server['host']}{server.get('pathname', '')}{address}"


def faults(document: Json) -> Iterator[str]:
    """What is wrong with a document that its schema cannot tell."""
    for part in (_of_references, _of_channels, _of_operations, _of_examples):
        yield from part(document)
    for schema in document["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)


def _of_references(document: Json) -> Iterator[str]:
    for reference in _references(document):
        try:
            found(document, {"$ref": reference})
        except KeyError:
            yield f"{reference} is nowhere"


def _of_channels(document: Json) -> Iterator[str]:
    for name, channel in document["channels"].items():
        used = set(re.findall(r"\{(.*?)\}", channel["address"] or ""))
        if used != set(channel.get("parameters", {})):
            yield f"{name}: the parameters {used} are not those that are declared"


def _of_operations(document: Json) -> Iterator[str]:
    for name, operation in document["operations"].items():
        known = found(document, operation["channel"])["messages"]
        for one in (*operation["messages"], *operation.get("reply", {}).get("messages", ())):
            if one["$ref"].rpartition("/")[2] not in known:
                yield f"{name}: {one['$ref']} is no message of its channel"


def _of_examples(document: Json) -> Iterator[str]:
    for name, message in document["components"]["messages"].items():
        for part in ("payload", "headers"):
            if part in message:
                Draft7Validator.check_schema(message[part])
                for example in message.get("examples", ()):
                    wrong = faults_of(document, message[part], example.get(part))
                    yield from (f"{name}: example {example['name']}: {one}" for one in wrong)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)
