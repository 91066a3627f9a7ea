"""The plugin manager: built-ins in one visible tuple, third parties by entry point."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import TypeVar

import pluggy

from l7audit import hookspecs
from l7audit.catalogue import package_folder
from l7audit.errors import AuditError, PluginError, UsageError
from l7audit.hookspecs import PROJECT, Provider, Reporter, Scanner, Suite

BUILT_IN = (
    "l7audit_suites",
    "l7audit_plugins.providers.embedded",
    "l7audit_plugins.providers.containers",
    "l7audit_plugins.providers.external",
    "l7audit_plugins.scanners.bandit",
    "l7audit_plugins.scanners.detect_secrets",
    "l7audit_plugins.scanners.pip_audit",
    "l7audit_plugins.scanners.schemathesis",
    "l7audit_plugins.reporters.json_results",
    "l7audit_plugins.reporters.html",
    "l7audit_plugins.reporters.pdf",
    "l7audit_plugins.reporters.sarif",
    "l7audit_plugins.reporters.junit",
    "l7audit_plugins.reporters.markdown",
    "l7audit_plugins.reporters.csv_table",
    "l7audit_plugins.reporters.oscal",
    "l7audit_plugins.reporters.ocsf",
)
"""The built-in plugins. They use the same hooks as anybody's; the core knows only their names."""


T = TypeVar("T")
N = TypeVar("N", Provider, Reporter, Scanner)

NAME = re.compile(r"[a-z][a-z0-9_-]*")
"""What a provider, reporter or scanner may be called: it is typed on command lines."""

_MEND = "Uninstall or repair it; l7audit plugins --built-in lists what works without it."


class Plugins:
    """The loaded plugins, by what they offer.

    Errors: `PluginError` naming the plugin whose offer cannot be used, or both that claim a name.
    """

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self.manager = manager
        # mypy would let only concrete classes be asked about with isinstance
        self.providers = _by_name(manager, "provider", Provider)  # type: ignore[type-abstract]
        self.reporters = _by_name(manager, "reporter", Reporter)  # type: ignore[type-abstract]
        self.scanners = _by_name(manager, "scanner", Scanner)  # type: ignore[type-abstract]
        self.suites = sorted(_suites(manager), key=lambda s: s.package)

    def provider(self, name: str) -> Provider:
        """The provider of that name. Errors: `UsageError` with the names there are."""
        return _wanted("provider", name, self.providers)

    def reporter(self, name: str) -> Reporter:
        """The reporter of that name. Errors: `UsageError` with the names there are."""
        return _wanted("reporter", name, self.reporters)

    def chosen_reporters(self, names: Iterable[str]) -> list[Reporter]:
        """The reporters of these names, or without any those that write by default.

        Errors: `UsageError` for an unknown name.
        """
        chosen = [self.reporter(name) for name in dict.fromkeys(names)]
        return chosen or [r for r in self.reporters.values() if r.by_default]

    @property
    def scanner_classes(self) -> dict[str, str]:
        """Where the class of each scanner is (`module:name`), for processes that run checks."""
        kinds = {name: type(scanner) for name, scanner in self.scanners.items()}
        return {name: f"{kind.__module__}:{kind.__qualname__}" for name, kind in kinds.items()}

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
    for point in metadata.entry_points(group=PROJECT) if third_party else ():
        with _blamed(_label(point), "cannot be loaded"):
            _register(manager, point.load(), _label(point))
    for number, plugin in enumerate(extra, start=1):
        label = f"{type(plugin).__name__} ({number})"
        with _blamed(label, "cannot be loaded"):
            _register(manager, plugin, label)
    return Plugins(manager)


def _label(point: metadata.EntryPoint) -> str:
    """A third-party plugin as sentences name it, with the distribution that it came with."""
    return f"{point.name} ({point.dist.name} {point.dist.version})" if point.dist else point.name


def _register(manager: pluggy.PluginManager, plugin: object, label: str) -> None:
    manager.register(plugin, label)
    manager.check_pending()  # each by itself, so that a misspelt hook has an owner


@contextmanager
def _blamed(label: str, what: str) -> Iterator[None]:
    """Anybody's code runs inside: whatever it raises is told with the plugin's name."""
    try:
        yield
    except (Exception, SystemExit) as error:
        if isinstance(error, AuditError):
            said = error.sentence
        else:
            said = f"{type(error).__name__}: {error}"
        cause = " ".join(said.split()).rstrip(".")
        raise PluginError(f"The plugin {label} {what}: {cause}.", mend=_MEND) from error


def _offers(manager: pluggy.PluginManager, noun: str, kind: type[T]) -> Iterator[tuple[str, T]]:
    """What each plugin returns from one of the register hooks, with the plugin's name."""
    for hook in getattr(manager.hook, f"l7audit_register_{noun}").get_hookimpls():
        with _blamed(hook.plugin_name, f"cannot say which {noun} it offers"):
            offered = hook.function()
        if offered is None:  # as everywhere in pluggy: it has nothing to say
            continue
        if not isinstance(offered, kind):
            what = "the class" if isinstance(offered, type) else "a"
            named = (offered if isinstance(offered, type) else type(offered)).__name__
            raise PluginError(
                f"The plugin {hook.plugin_name} offers {what} {named} as its {noun}, "
                f"which is no instance of {kind.__module__}.{kind.__name__}.",
                mend=_MEND,
            )
        yield hook.plugin_name, offered


def _by_name(manager: pluggy.PluginManager, noun: str, kind: type[N]) -> dict[str, N]:
    found: dict[str, tuple[str, N]] = {}
    for plugin, item in _offers(manager, noun, kind):
        name = getattr(item, "name", None)
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise PluginError(
                f"The plugin {plugin} offers a {noun} named {name!r}; a name is a small letter "
                "and then small letters, digits, - or _.",
                mend=_MEND,
            )
        if name in found:
            raise PluginError(
                f"Two plugins offer a {noun} named {name!r}: {found[name][0]} and {plugin}.",
                mend="Uninstall or rename one; l7audit plugins --built-in lists our own names.",
            )
        found[name] = (plugin, item)
    return {name: found[name][1] for name in sorted(found)}


def _suites(manager: pluggy.PluginManager) -> Iterator[Suite]:
    owners: dict[str, str] = {}
    for plugin, suite in _offers(manager, "suite", Suite):
        with _blamed(plugin, "offers a suite that cannot be used"):
            package_folder(suite.package)
        if suite.package in owners:
            raise PluginError(
                f"Two plugins offer the suite {suite.package!r}: {owners[suite.package]} "
                f"and {plugin}.",
                mend="Uninstall one of them.",
            )
        owners[suite.package] = plugin
        yield suite


def _wanted(noun: str, name: str, offered: dict[str, T]) -> T:
    if name not in offered:
        raise UsageError(
            f"There is no {noun} {name!r}.", mend=f"There are: {', '.join(offered) or 'none'}."
        )
    return offered[name]
