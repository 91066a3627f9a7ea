"""The plugin manager: built-ins in one visible tuple, third parties by entry point."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Protocol, TypeVar

import pluggy

from l7audit import hookspecs
from l7audit.errors import PluginError, UsageError
from l7audit.hookspecs import PROJECT, Provider, Reporter, Scanner, Suite

BUILT_IN = (
    "l7audit_suites",
    "l7audit_plugins.providers.embedded",
    "l7audit_plugins.providers.external",
    "l7audit_plugins.reporters.json_results",
    "l7audit_plugins.reporters.html",
)
"""The built-in plugins. They use the same hooks as anybody's; the core knows only their names."""


class _Named(Protocol):
    name: str


N = TypeVar("N", bound=_Named)


class Plugins:
    """The loaded plugins, by what they offer. Errors: `PluginError` where two claim one name."""

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self.manager = manager
        hook = manager.hook
        self.providers: dict[str, Provider] = _by_name("provider", hook.l7audit_register_provider())
        self.reporters: dict[str, Reporter] = _by_name("reporter", hook.l7audit_register_reporter())
        self.scanners: dict[str, Scanner] = _by_name("scanner", hook.l7audit_register_scanner())
        suites: list[Suite] = hook.l7audit_register_suite()
        self.suites = sorted(suites, key=lambda s: s.package)

    def provider(self, name: str) -> Provider:
        """The provider of that name. Errors: `UsageError` with the names there are."""
        return _wanted("provider", name, self.providers)

    def reporter(self, name: str) -> Reporter:
        """The reporter of that name. Errors: `UsageError` with the names there are."""
        return _wanted("reporter", name, self.reporters)

    def scanner(self, name: str) -> Scanner:
        """The scanner of that name. Errors: `UsageError` with the names there are."""
        return _wanted("scanner", name, self.scanners)


def load(*, third_party: bool = True, extra: Iterable[object] = ()) -> Plugins:
    """Loads the built-ins, the installed third-party plugins and `extra` ones, in this order.

    Errors: `PluginError` naming the plugin that is broken and why.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    for name in BUILT_IN:
        manager.register(importlib.import_module(name), name)
    try:
        if third_party:
            manager.load_setuptools_entrypoints(PROJECT)
        for plugin in extra:
            manager.register(plugin)
        manager.check_pending()
    except Exception as error:  # anybody's code: whatever it raises, we name it
        raise PluginError(
            f"A plugin cannot be loaded: {type(error).__name__}: {error}.",
            mend="Uninstall or repair it; l7audit plugins --built-in lists what works without it.",
        ) from error
    return Plugins(manager)


def _by_name(noun: str, offered: Iterable[N]) -> dict[str, N]:
    found: dict[str, N] = {}
    for item in offered:
        if item.name in found:
            raise PluginError(f"Two plugins offer a {noun} named {item.name!r}.")
        found[item.name] = item
    return dict(sorted(found.items()))


def _wanted(noun: str, name: str, offered: dict[str, N]) -> N:
    if name not in offered:
        raise UsageError(
            f"There is no {noun} {name!r}.", mend=f"There are: {', '.join(offered) or 'none'}."
        )
    return offered[name]
