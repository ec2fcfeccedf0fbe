# SPDX-License-Identifier: Apache-2.0
"""schema_check.py - is a JSON value what a JSON Schema says? The part of the language that we use.

Knows type, const, enum, properties, required, additionalProperties, items, minimum, maximum,
minLength, pattern. A word that it does not know is a violation of its own: no schema may say
something that is not checked.
"""
import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
         "integer": int, "number": (int, float)}
SILENT = {"$schema", "title", "description"}


def has_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def check_type(value, names, _schema):
    names = names if isinstance(names, list) else [names]
    return [] if any(has_type(value, name) for name in names) else [f"is not {' or '.join(names)}"]


def check_properties(value, properties, schema):
    if not isinstance(value, dict):
        return []
    found = []
    rest = schema.get("additionalProperties", True)
    for key, item in value.items():
        if key in properties:
            found += violations(item, properties[key], f".{key}")
        elif rest is False:
            found.append(f"has the unknown key '{key}'")
        elif rest is not True:
            found += violations(item, rest, f".{key}")
    return found


def check_items(value, items, _schema):
    if not isinstance(value, list):
        return []
    return [line for i, item in enumerate(value) for line in violations(item, items, f"[{i}]")]


def says(holds, text):
    return lambda value, limit, _schema: [] if holds(value, limit) else [text.format(limit)]


WORDS = {
    "type": check_type,
    "const": says(lambda v, c: v == c, "is not {!r}"),
    "enum": says(lambda v, c: v in c, "is none of {}"),
    "required": lambda value, keys, _schema: [f"lacks the key '{k}'" for k in keys
                                              if isinstance(value, dict) and k not in value],
    "properties": check_properties,
    "additionalProperties": lambda value, rest, schema:
        [] if "properties" in schema else check_properties(value, {}, schema),
    "items": check_items,
    "minimum": says(lambda v, c: v >= c, "is below {}"),
    "maximum": says(lambda v, c: v <= c, "is above {}"),
    "minLength": says(lambda v, c: len(v) >= c, "is shorter than {} letters"),
    "pattern": says(lambda v, c: re.search(c, v) is not None, "does not match {}"),
}


def violations(value, schema, at=""):
    """Lines "place: what is wrong"; empty if the value is as the schema says."""
    found = check_type(value, schema["type"], schema) if "type" in schema else []
    if not found:
        for word, meaning in schema.items():
            if word in WORDS:
                found += WORDS[word](value, meaning, schema) if word != "type" else []
            elif word not in SILENT:
                found.append(f": the schema says '{word}', which is not checked")
    return [at + line if line[0] in ".[:" else f"{at}: {line}" for line in found]
