"""The plugin manager: built-ins by name, third parties by entry point, one owner a name."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from l7audit import catalogue as catalogues
from l7audit import hookspecs
from l7audit import plugins as all_plugins
from l7audit.assess.results import Results
from l7audit.cli.main import ending
from l7audit.errors import PluginError, UsageError
from l7audit.exits import Exit
from l7audit.hookspecs import Progress, Provider, Reporter, Scanner, Suite, hookimpl
from l7audit.journal import AnyRecord, Journal, Records, RunEnded
from l7audit.model import Target
from l7audit.plugins import Plugins
from l7audit.profile import Profile
from l7audit.recorder import Recorder
from l7audit.scanning import Ground, Scan


class Elsewhere(Provider):
    """A provider of a third party."""

    name = "elsewhere"

    @contextmanager
    def open(self, profile: Profile, folder: Path, progress: Progress) -> Iterator[Target]:
        yield Target(name="t", provider=self.name, base_url="http://127.0.0.1", capabilities=[])


class Plain(Reporter):
    """A reporter of a third party."""

    name = "plain"

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        return folder


class Looking(Scanner):
    """A scanner of a third party."""

    name = "looking"

    def scan(self, ground: Ground) -> Scan:
        return Scan(looked_at=(), unit="things", specimen="a specimen is seen", found=True)


class Offering:
    """A plugin with one of each, and what it was shown."""

    def __init__(self) -> None:
        self.shown: list[AnyRecord] = []

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
        return Suite(package="theirs", title="Theirs")

    @hookimpl
    def l7audit_observe_record(self, record: AnyRecord) -> None:
        self.shown.append(record)


CONTROLS = """\
area: THEIRS
title: The area of a third party
controls:
  - {id: THEIRS-01, title: T, severity: low, rationale: R, remediation: R, mappings: {}}
"""
CHECK = '@pytest.mark.control("THEIRS-01")\ndef test_it(check): pass\n'


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder where packages are found, with the suite `theirs` in it."""
    folder = tmp_path / "site"
    area = folder / "theirs" / "an_area"
    area.mkdir(parents=True)
    (folder / "theirs" / "__init__.py").touch()
    (area / "controls.yaml").write_text(CONTROLS)
    (area / "test_it.py").write_text(CHECK)
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    yield folder
    for name in [n for n in sys.modules if n.startswith("l7audit_thirdparty")]:
        del sys.modules[name]
    importlib.invalidate_caches()


def test_every_built_in_is_loaded_and_offers_something() -> None:
    plugins = all_plugins.load(third_party=False)
    for name in all_plugins.BUILT_IN:
        plugin = plugins.manager.get_plugin(name)
        assert plugin is importlib.import_module(name)
        assert plugins.manager.get_hookcallers(plugin), f"{name} implements no hook"
    assert {"embedded", "external"} <= plugins.providers.keys()


# --- what the hooks bring about -------------------------------------------------------------------


def told(offering: Offering, plugins: Plugins, folder: Path) -> bool:
    """Whether a record is shown to the plugin, as it was written."""
    with Journal(folder / f"{len(list(folder.iterdir()))}.jsonl") as journal:
        Recorder(journal, plugins)(RunEnded(outcome="completed"))
    return [(type(r), r.seq) for r in offering.shown] == [(RunEnded, 1)]


Effect = Callable[[Offering, Plugins, Path], bool]
EFFECTS: dict[str, Effect] = {
    "l7audit_register_provider": lambda _, plugins, __: isinstance(
        plugins.providers.get("elsewhere"), Elsewhere
    ),
    "l7audit_register_reporter": lambda _, plugins, __: isinstance(
        plugins.reporters.get("plain"), Plain
    ),
    "l7audit_register_scanner": lambda _, plugins, __: isinstance(
        plugins.scanners.get("looking"), Looking
    ),
    "l7audit_register_suite": lambda _, plugins, __: (
        "THEIRS" in catalogues.load([s.package for s in plugins.suites]).areas
    ),
    "l7audit_observe_record": told,
}
"""What each hook brings about: true with a plugin that implements it, false without one."""


@pytest.mark.parametrize("hook", [name for name in vars(hookspecs) if name.startswith("l7audit_")])
@pytest.mark.usefixtures("site")
def test_each_hook_brings_about_what_its_page_promises(hook: str, tmp_path: Path) -> None:
    effect = EFFECTS[hook]  # a new hook needs one
    offering = Offering()
    alone = SimpleNamespace(**{hook: getattr(offering, hook)})
    assert not effect(offering, all_plugins.load(third_party=False), tmp_path)
    assert effect(offering, all_plugins.load(third_party=False, extra=[alone]), tmp_path)


@pytest.mark.parametrize("noun", ["provider", "reporter", "scanner"])
@pytest.mark.usefixtures("site")
def test_an_unknown_name_is_a_sentence_with_those_that_there_are(noun: str) -> None:
    plugins = all_plugins.load(third_party=False, extra=[Offering()])
    offered = ", ".join(getattr(plugins, f"{noun}s")) or "none"
    with pytest.raises(UsageError, match=f"no {noun} 'nope'. There are: {offered}"):
        getattr(plugins, noun)("nope")


# --- what cannot be used --------------------------------------------------------------------------


def offers(noun: str, thing: object) -> object:
    """A plugin whose only hook returns this, or raises it."""

    def hook() -> Any:
        if isinstance(thing, BaseException):
            raise thing
        return thing

    name = f"l7audit_register_{noun}"
    hook.__name__ = name
    return SimpleNamespace(**{name: hookimpl(hook)})


def named(name: object) -> Reporter:
    reporter = Plain()
    reporter.name = name  # type: ignore[assignment]
    return reporter


def nameless() -> Reporter:
    class Nameless(Reporter):
        def write(self, results: Results, records: Sequence[AnyRecord], folder: Path) -> Path:
            return folder

    return Nameless()


NO_NAME = "a name is a small letter and then small letters, digits, - or _"
IS_BROKEN = {
    "an empty name": ("reporter", named(""), f"offers a reporter named ''; {NO_NAME}"),
    "no name": ("reporter", nameless(), f"offers a reporter named None; {NO_NAME}"),
    "a name of two lines": ("reporter", named("a\nb"), r"a reporter named 'a\nb'; a name is"),
    "a name with a comma": ("reporter", named("html,pdf"), "a reporter named 'html,pdf'; a name"),
    "a name like a URL": ("reporter", named("a://b"), "a reporter named 'a://b'; a name is"),
    "not a reporter": (
        "reporter", "badge",
        "offers a str as its reporter, which is no instance of l7audit.hookspecs.Reporter.",
    ),
    "the class itself": ("reporter", Plain, "offers the class Plain as its reporter, which is no"),
    "a provider as scanner": ("scanner", Elsewhere(), "offers a Elsewhere as its scanner"),
    "not a suite": ("suite", "theirs", "no instance of l7audit.hookspecs.Suite."),
    "an exception": (
        "provider", KeyError("SHOP_HOME"),
        "cannot say which provider it offers: KeyError: 'SHOP_HOME'.",
    ),
    "an exit": ("provider", SystemExit(0), "cannot say which provider it offers: SystemExit: 0."),
    "no such package": (
        "suite", Suite("no_such_suite", "None"),
        "offers a suite that cannot be used: The suite package 'no_such_suite' is not installed.",
    ),
    "a package without a name": ("suite", Suite("", "None"), "offers a suite that cannot be used"),
    "a package of a wrong type": (
        "suite", Suite(None, "None"),  # type: ignore[arg-type]
        "offers a suite that cannot be used",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", IS_BROKEN)
def test_a_broken_offer_is_one_sentence_that_names_its_plugin(case: str) -> None:
    noun, thing, sentence = IS_BROKEN[case]
    with pytest.raises(PluginError) as caught:
        all_plugins.load(third_party=False, extra=[offers(noun, thing)])
    assert str(caught.value).startswith("The plugin SimpleNamespace (1) ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("l7audit plugins --built-in lists what works without it.")


def test_a_plugin_that_has_nothing_to_offer_is_fine() -> None:
    assert all_plugins.load(third_party=False, extra=[offers("reporter", None)]).reporters


@pytest.mark.usefixtures("site")
def test_two_plugins_that_claim_one_name_are_both_named() -> None:
    with pytest.raises(
        PluginError, match=r"a provider named 'elsewhere': Offering \(1\) and Offering \(2\)\."
    ):
        all_plugins.load(third_party=False, extra=[Offering(), Offering()])
    with pytest.raises(
        PluginError, match=r"named 'json': l7audit_plugins\.reporters\.json_results and Simple"
    ):
        all_plugins.load(third_party=False, extra=[offers("reporter", named("json"))])


@pytest.mark.usefixtures("site")
def test_two_plugins_that_offer_one_suite_are_both_named() -> None:
    suite = Suite("theirs", "Theirs")
    twice = [offers("suite", suite), offers("suite", suite)]
    with pytest.raises(PluginError, match=r"the suite 'theirs': SimpleNamespace \(1\) and Simple"):
        all_plugins.load(third_party=False, extra=twice)


def test_a_hook_that_does_not_exist_is_refused() -> None:
    class Misspelt:
        @hookimpl
        def l7audit_register_provder(self) -> None: ...

    with pytest.raises(PluginError, match=r"Misspelt \(1\).*hook 'l7audit_register_provder'"):
        all_plugins.load(third_party=False, extra=[Misspelt()])


def test_a_hook_with_an_unknown_argument_is_refused() -> None:
    class Curious:
        @hookimpl
        def l7audit_observe_record(self, journal: object) -> None: ...

    with pytest.raises(PluginError, match=r"Curious \(1\) cannot be loaded"):
        all_plugins.load(third_party=False, extra=[Curious()])


# --- what is installed ----------------------------------------------------------------------------


def install(site: Path, code: str, name: str = "thirdparty", point: str = "shop") -> None:
    """A distribution with one entry point of our group, as pip would leave it."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[l7audit]\n{point} = l7audit_{name}\n")
    (site / f"l7audit_{name}.py").write_text(code)
    importlib.invalidate_caches()


SUITE = """\
from l7audit.hookspecs import Suite, hookimpl

@hookimpl
def l7audit_register_suite():
    return Suite(package='theirs', title='Theirs')
"""


def test_an_installed_plugin_is_found_by_its_entry_point(site: Path) -> None:
    install(site, SUITE)
    assert "theirs" in [s.package for s in all_plugins.load().suites]
    assert "theirs" not in [s.package for s in all_plugins.load(third_party=False).suites]


def test_an_entry_points_name_that_two_distributions_use_loses_neither(site: Path) -> None:
    install(site, SUITE)
    install(site, SUITE.replace("theirs", "json"), name="thirdparty2")
    assert {"theirs", "json"} <= {s.package for s in all_plugins.load().suites}


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("raise RuntimeError('old\\nversion')", "RuntimeError: old version"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("def :", "SyntaxError: invalid syntax"),
        (SUITE.replace("suite()", "suit()"), "PluginValidationError: unknown hook"),
        (SUITE.replace("theirs", "nobodys"), "The suite package 'nobodys' is not installed."),
    ],
)
def test_an_installed_plugin_that_breaks_is_one_sentence_and_the_built_ins_still_work(
    code: str, cause: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(site, code)
    assert ending(["plugins"]) == Exit.INTERNAL
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert re.search(rf"The plugin shop \(thirdparty 1\.0\) .*{re.escape(cause)}", said.err)
    assert "l7audit plugins --built-in" in said.err
    assert ending(["plugins", "--built-in"]) == Exit.PASSED
    said = capsys.readouterr()
    assert "embedded" in said.out
    assert said.err == ""
