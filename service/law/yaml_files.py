"""YAML as law is written in: plain data, every key once, no surprises of YAML 1.1."""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from service.law.problems import LawProblem

MAX_BYTES = 2_000_000
NOT_IN_LAW = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice and aliases, and reads only true/false as truth values.

    `no`, `on` and `12:30` stay text: in YAML 1.1 they would silently become False, True and 750.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """A node; an alias (`*name`) is refused, because a rule must stand where it is read."""
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not used in law", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping; a key given twice is refused."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a key must be text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in NOT_IN_LAW]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789")
)
StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)\.[0-9]+$"), list("-+0123456789")
)


def read_yaml(path: Path, name: str) -> tuple[dict[str, Any] | None, list[LawProblem]]:
    """The mapping in a file, or None with what is wrong with it; `name` is the file's name in problems.

    The mapping is shared between readings of the same text: do not change it.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        return None, [LawProblem(name, "", f"cannot be read: {error.strerror}", "check the file and its rights")]
    if len(data) > MAX_BYTES:
        return None, [LawProblem(name, "", f"is larger than {MAX_BYTES} bytes", "split the file")]
    try:
        value = _parsed(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        return None, [LawProblem(name, f"byte {error.start}", "is not UTF-8 text", "save the file as UTF-8")]
    except yaml.MarkedYAMLError as error:
        return None, [LawProblem(name, _place(error), error.problem or "is not YAML", "correct the YAML")]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return None, [LawProblem(name, "", f"is not YAML: {error}", "correct the YAML")]
    if not isinstance(value, dict):
        return None, [LawProblem(name, "", "holds no keys with values", "write `key: value` lines")]
    return value, []


@lru_cache(maxsize=512)
def _parsed(text: str) -> Any:
    """A text is parsed once: a folder read anew after a change parses what has changed."""
    return yaml.load(text, StrictLoader)  # noqa: S506 - derives from SafeLoader


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
