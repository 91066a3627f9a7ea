"""The plugin manager: built-ins by name, third parties by entry point, one owner a name."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from l7audit import plugins as all_plugins
from l7audit.assess.results import Results
from l7audit.errors import PluginError, UsageError
from l7audit.hookspecs import Progress, Provider, Reporter, Scanner, Suite, hookimpl
from l7audit.journal import AnyRecord, RunEnded
from l7audit.model import Target
from l7audit.profile import Profile


class Elsewhere(Provider):
    """A provider of a third party."""

    name = "elsewhere"

    @contextmanager
    def open(self, profile: Profile, folder: Path, progress: Progress) -> Iterator[Target]:
        yield Target(name="t", provider=self.name, base_url="http://127.0.0.1", capabilities=[])


class Plain(Reporter):
    """A reporter of a third party."""

    name = "plain"

    def write(self, results: Results, records: Sequence[AnyRecord], folder: Path) -> Path:
        return folder


class Looking(Scanner):
    """A scanner of a third party."""

    name = "looking"

    def scan(self, target: Target, folder: Path) -> Sequence[AnyRecord]:
        return []


class Offering:
    """A plugin with one of each."""

    @hookimpl
    def l7audit_register_provider(self) -> Provider:
        return Elsewhere()

    @hookimpl
    def l7audit_register_reporter(self) -> Reporter:
        return Plain()

    @hookimpl
    def l7audit_register_scanner(self) -> Scanner:
        return Looking()

    @hookimpl
    def l7audit_register_suite(self) -> Suite:
        return Suite(package="a_suite", title="A suite")

    def __init__(self) -> None:
        self.seen: list[AnyRecord] = []

    @hookimpl
    def l7audit_observe_record(self, record: AnyRecord) -> None:
        self.seen.append(record)


def test_every_built_in_is_loaded_and_offers_something() -> None:
    plugins = all_plugins.load(third_party=False)
    for name in all_plugins.BUILT_IN:
        plugin = plugins.manager.get_plugin(name)
        assert plugin is importlib.import_module(name)
        assert plugins.manager.get_hookcallers(plugin), f"{name} implements no hook"
    assert {"embedded", "external"} <= plugins.providers.keys()


def test_what_a_plugin_offers_is_found_by_its_name() -> None:
    plugins = all_plugins.load(third_party=False, extra=[Offering()])
    assert isinstance(plugins.provider("elsewhere"), Elsewhere)
    assert isinstance(plugins.reporter("plain"), Plain)
    assert isinstance(plugins.scanner("looking"), Looking)
    assert "a_suite" in [s.package for s in plugins.suites]


def test_a_listener_is_told_each_record() -> None:
    listener = Offering()
    plugins = all_plugins.load(third_party=False, extra=[listener])
    record = RunEnded(outcome="completed")
    plugins.manager.hook.l7audit_observe_record(record=record)
    assert listener.seen == [record]


@pytest.mark.parametrize("noun", ["provider", "reporter", "scanner"])
def test_an_unknown_name_is_a_sentence_with_those_that_there_are(noun: str) -> None:
    plugins = all_plugins.load(third_party=False, extra=[Offering()])
    offered = ", ".join(getattr(plugins, f"{noun}s")) or "none"
    with pytest.raises(UsageError, match=f"no {noun} 'nope'. There are: {offered}"):
        getattr(plugins, noun)("nope")


def test_two_plugins_may_not_claim_one_name() -> None:
    with pytest.raises(PluginError, match="Two plugins offer a provider named 'elsewhere'"):
        all_plugins.load(third_party=False, extra=[Offering(), Offering()])


def test_a_hook_that_does_not_exist_is_refused() -> None:
    class Misspelt:
        @hookimpl
        def l7audit_register_provder(self) -> None: ...

    with pytest.raises(PluginError, match=r"unknown hook 'l7audit_register_provder'"):
        all_plugins.load(third_party=False, extra=[Misspelt()])


def test_a_hook_with_an_unknown_argument_is_refused() -> None:
    class Curious:
        @hookimpl
        def l7audit_observe_record(self, journal: object) -> None: ...

    with pytest.raises(PluginError, match="cannot be loaded"):
        all_plugins.load(third_party=False, extra=[Curious()])


def _install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A distribution with one entry point of our group, as pip would leave it."""
    info = tmp_path / "thirdparty-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thirdparty\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[l7audit]\nthirdparty = l7audit_thirdparty\n")
    (tmp_path / "l7audit_thirdparty.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "l7audit_thirdparty", raising=False)


def test_an_installed_plugin_is_found_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "from l7audit.hookspecs import Suite, hookimpl\n"
        "@hookimpl\n"
        "def l7audit_register_suite():\n"
        "    return Suite(package='theirs', title='Theirs')\n"
    )
    _install(tmp_path, monkeypatch, code)
    assert "theirs" in [s.package for s in all_plugins.load().suites]
    assert "theirs" not in [s.package for s in all_plugins.load(third_party=False).suites]


def test_an_installed_plugin_that_breaks_is_one_sentence_with_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, monkeypatch, "raise RuntimeError('old version')\n")
    with pytest.raises(PluginError, match=r"RuntimeError: old version.*l7audit plugins --built-in"):
        all_plugins.load()
