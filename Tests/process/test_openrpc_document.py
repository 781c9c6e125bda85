"""protocol/openrpc.json is an OpenRPC document. Nothing is fetched."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

PROTOCOL = Path(__file__).parents[2] / "protocol"


def load(path: str) -> Any:
    return json.loads((PROTOCOL / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    meta = load("vectors/openrpc/meta-schema.json")
    # The enum is filled in when a version is released; these are the versions whose documents look alike.
    meta["properties"]["openrpc"]["enum"] = ["1.2.6", "1.3.2"]
    draft7 = {**Draft7Validator.META_SCHEMA, "$id": "https://meta.json-schema.tools"}
    # References into JSONSchemaObject are to the same keywords of draft-07, where they stand at the top.
    draft7["definitions"] = {**draft7["definitions"], "JSONSchemaObject": {"properties": draft7["properties"]}}
    resources = [(uri, DRAFT7.create_resource(draft7)) for uri in (
        "https://meta.json-schema.tools", "https://meta.json-schema.tools/",
    )]
    return Draft7Validator(meta, registry=Registry().with_resources(resources))


@pytest.fixture(scope="module")
def document() -> Any:
    return load("openrpc.json")


def test_the_document_is_valid(validator: Draft7Validator, document: Any) -> None:
    assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.parametrize("path, value", [
    (["openrpc"], "9.9.9"),
    (["methods", 0, "params"], {}),
    (["methods", 0, "unknown"], True),
    (["methods", 3, "result", "schema"], {"type": "nothing"}),
    (["components", "errors", "key_exists", "code"], "1300"),
    (["components", "schemas", "Key", "required"], "alias"),
])
def test_a_mistake_would_be_seen(validator: Draft7Validator, document: Any, path: list[Any], value: Any) -> None:
    broken = copy.deepcopy(document)
    place = broken
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not validator.is_valid(broken)


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for element in value for found in references(element)]
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for element in value.values() for found in references(element)]
    return []


def test_every_reference_leads_somewhere(document: Any) -> None:
    for reference in references(document):
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_every_schema_is_one(document: Any) -> None:
    for method in document["methods"]:
        for descriptor in [*method["params"], method["result"]]:
            Draft7Validator.check_schema(descriptor["schema"])


def test_every_example_fits_its_params(document: Any) -> None:
    for method in document["methods"]:
        schemas = {param["name"]: param["schema"] for param in method["params"]}
        for example in method.get("examples", []):
            for given in example["params"]:
                schema = {**schemas[given["name"]], "components": document["components"]}
                Draft7Validator(schema).validate(given["value"])
