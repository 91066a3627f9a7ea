"""The contract with plugins: documented word for word, each hook and each method."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from l7audit import hookspecs
from l7audit.hookspecs import PROJECT, Lab, Provider, Reporter, Scanner, StandingProvider

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
HOOKS = {
    name: value
    for name, value in vars(hookspecs).items()
    if inspect.isfunction(value) and hasattr(value, f"{PROJECT}_spec")
}
INTERFACES: list[type[Any]] = [Provider, StandingProvider, Lab, Reporter, Scanner]


def signature(function: Callable[..., object]) -> str:
    """The signature as it stands in the source, without `self`."""
    said = inspect.signature(function)
    kept = [p for p in said.parameters.values() if p.name != "self"]
    return f"{function.__name__}{said.replace(parameters=kept)}".replace("'", "")


def methods() -> Iterator[tuple[type[Any], str]]:
    for kind in INTERFACES:
        for name, value in vars(kind).items():
            if inspect.isfunction(value) and not name.startswith("_"):
                yield kind, name


def section(name: str) -> str:
    """The part of the page under the heading that begins with this name."""
    found = re.search(rf"^### `{name}\b.*?(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/hooks.md has no section for {name}"
    return " ".join(found.group(0).split())


def first_sentence(thing: object) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


@pytest.mark.parametrize("name", HOOKS)
def test_each_hook_is_documented_with_its_signature_and_when_it_is_called(name: str) -> None:
    assert f"`{signature(HOOKS[name])}`" in section(name)
    assert first_sentence(HOOKS[name]) in section(name)
    assert first_sentence(HOOKS[name]).startswith("Called ")


@pytest.mark.parametrize(("kind", "name"), list(methods()))
def test_each_method_of_an_interface_is_documented(kind: type[Any], name: str) -> None:
    assert f"`{signature(vars(kind)[name])}`" in section(kind.__name__)
    assert first_sentence(kind) in section(kind.__name__)


def test_the_page_documents_no_hook_that_is_gone() -> None:
    assert set(re.findall(rf"^### `({PROJECT}_\w+)", PAGE, re.MULTILINE)) == HOOKS.keys()


@pytest.mark.parametrize("name", HOOKS)
def test_a_hooks_name_says_what_it_does_to_what(name: str) -> None:
    assert re.fullmatch(rf"{PROJECT}_[a-z]+_[a-z]+", name)


def test_the_pages_example_is_a_working_plugin(tmp_path: Path) -> None:
    source = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert source
    space: dict[str, Any] = {"__name__": "shop_audit"}
    exec(source.group(1), space)
    provider = space["l7audit_register_provider"]()
    assert isinstance(provider, Provider)
    said: list[str] = []
    with provider.open(None, tmp_path, said.append) as target:  # type: ignore[arg-type]
        assert target.provider == provider.name == "staging"
    assert said == ["waking the cluster"]
