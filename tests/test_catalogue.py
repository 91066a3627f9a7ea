"""The catalogue: what the suites' files say, and every way in which they can contradict it."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from l7audit import catalogue as catalogues
from l7audit import plugins as all_plugins
from l7audit.errors import CatalogueError, UsageError

CONTROL = """\
  - id: {id}
    title: A title
    severity: high
    rationale: Why
    remediation: How
    mappings: {{}}
"""
CHECK = """\
import pytest
raise RuntimeError("reading the catalogue runs nobody's code")

@pytest.mark.control("{id}")
def test_it_holds(check):
    pass
"""

Suite = Callable[..., str]
_names = itertools.count()


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    """Writes a suite package of one area and gives its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(
        *ids: str, area: str = "SHOP", check: str | None = None, package: str = "", extra: str = ""
    ) -> str:
        package = package or f"suite_of_test_{next(_names)}"
        folder = tmp_path / package / area.lower()
        folder.mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
        text = f"area: {area}\ntitle: The shop\ncontrols:\n"
        text += "".join(CONTROL.format(id=i) for i in ids) + extra
        (folder / "controls.yaml").write_text(text)
        for number, name in enumerate(ids):
            source = CHECK.format(id=name) if check is None else check
            (folder / f"test_{number}.py").write_text(source)
        importlib.invalidate_caches()
        return package

    yield write
    importlib.invalidate_caches()


def test_controls_and_their_checks_are_found_without_running_a_suite(suite: Suite) -> None:
    catalogue = catalogues.load([suite("SHOP-02", "SHOP-01")])
    assert [c.id for c in catalogue.controls] == ["SHOP-01", "SHOP-02"]
    (check,) = catalogue.checks_of("SHOP-01")
    assert check.id == "shop/test_1.py::test_it_holds"
    assert check.node.endswith("/shop/test_1.py::test_it_holds")
    assert catalogue.areas == {"SHOP": "The shop"}


def test_a_selection_names_areas_and_controls_in_any_case(suite: Suite) -> None:
    catalogue = catalogues.load([suite("SHOP-01", "SHOP-02"), suite("BANK-01", area="BANK")])

    def select(*wanted: str, skip: tuple[str, ...] = ()) -> list[str]:
        return [c.id for c in catalogue.select(wanted, skip)]

    assert select() == ["BANK-01", "SHOP-01", "SHOP-02"]
    assert select("shop") == ["SHOP-01", "SHOP-02"]
    assert select("SHOP-02", "bank-01", "BANK") == ["BANK-01", "SHOP-02"]
    assert select("SHOP", skip=("SHOP-01",)) == ["SHOP-02"]
    assert catalogue.control("shop-01").id == "SHOP-01"


@pytest.mark.parametrize("name", ["NOPE", "SHOP-99", "", "SHOP-"])
def test_an_unknown_name_is_a_sentence_with_the_areas(suite: Suite, name: str) -> None:
    catalogue = catalogues.load([suite("SHOP-01")])
    with pytest.raises(UsageError, match=r"no control or area .*Areas: SHOP"):
        catalogue.select([name])
    with pytest.raises(UsageError, match="no control or area"):
        catalogue.control(name)


def test_the_digest_changes_with_any_line_of_a_suite(suite: Suite) -> None:
    package = suite("SHOP-01")
    before = catalogues.load([package]).digest
    assert catalogues.load([package]).digest == before
    file = catalogues.package_folder(package) / "shop" / "oracle.py"
    file.write_text("x = 1\n")
    assert catalogues.load([package]).digest != before


def test_a_control_without_a_check_is_refused(suite: Suite) -> None:
    package = suite("SHOP-01", extra=CONTROL.format(id="SHOP-02"))
    with pytest.raises(CatalogueError, match=r"without a check: \['SHOP-02'\]"):
        catalogues.load([package])


def test_a_check_of_no_control_is_refused(suite: Suite) -> None:
    with pytest.raises(CatalogueError, match=r"name controls that no controls.yaml has.*SHOP-77"):
        catalogues.load([suite("SHOP-01", check=CHECK.format(id="SHOP-77"))])


@pytest.mark.parametrize(
    "check",
    [
        "def test_it_holds(check): pass\n",
        'import pytest\n@pytest.mark.control("SHOP-01")\n@pytest.mark.control("SHOP-02")\n'
        "def test_it_holds(check): pass\n",
        "import pytest\n@pytest.mark.control(name)\ndef test_it_holds(check): pass\n",
    ],
)
def test_a_check_names_exactly_one_control(suite: Suite, check: str) -> None:
    with pytest.raises(CatalogueError, match=r"test_0.py:\d+: test_it_holds needs one @pytest"):
        catalogues.load([suite("SHOP-01", check=check)])


def test_a_check_that_is_not_python_is_named(suite: Suite) -> None:
    with pytest.raises(CatalogueError, match=r"test_0\.py: "):
        catalogues.load([suite("SHOP-01", check="def :")])


def test_an_id_is_unique_in_its_file(suite: Suite) -> None:
    with pytest.raises(CatalogueError, match=r"shop/controls\.yaml: SHOP-01 is declared twice\."):
        catalogues.load([suite("SHOP-01", extra=CONTROL.format(id="SHOP-01"))])


def test_an_id_is_of_its_own_area(suite: Suite) -> None:
    with pytest.raises(CatalogueError, match="id BANK-01 is outside the area SHOP"):
        catalogues.load([suite("SHOP-01", extra=CONTROL.format(id="BANK-01"))])


def test_two_suites_that_declare_one_area_are_both_named(suite: Suite) -> None:
    one, two = suite("SHOP-01"), suite("SHOP-01")
    with pytest.raises(CatalogueError, match=f"{one!r} and {two!r} both declare SHOP: .*Rename"):
        catalogues.load([one, two])


def test_two_suites_whose_checks_have_one_name_are_both_named(suite: Suite) -> None:
    """A journal knows checks by name: the verdict of one would be taken for the other's."""
    one, two = suite("SHOP-01"), suite("BANK-01", area="BANK")
    folder = catalogues.package_folder(two)
    (folder / "bank").rename(folder / "shop")
    with pytest.raises(
        CatalogueError, match=rf"{one!r} and {two!r} both declare shop/test_0\.py::test_it_holds"
    ):
        catalogues.load([one, two])


def test_two_checks_of_one_name_in_a_file_are_refused(suite: Suite) -> None:
    doubled = CHECK.format(id="SHOP-01") + CHECK.format(id="SHOP-01")
    with pytest.raises(CatalogueError, match="::test_it_holds is declared twice"):
        catalogues.load([suite("SHOP-01", check=doubled)])


@pytest.mark.parametrize("extra", ["    severty: low\n", "  - {id: x}\n", "  : :\n"])
def test_a_malformed_catalogue_is_named_with_its_file(suite: Suite, extra: str) -> None:
    with pytest.raises(CatalogueError, match=r"controls\.yaml: ") as caught:
        catalogues.load([suite("SHOP-01", extra=extra)])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("package", ["no_such_suite_anywhere", "no_such.suite", "this"])
def test_a_suite_that_is_not_installed_is_one_sentence(package: str) -> None:
    with pytest.raises(CatalogueError, match="is not installed"):
        catalogues.package_folder(package)


def test_the_suites_that_come_along_agree_with_their_checks() -> None:
    catalogue = catalogues.load([s.package for s in all_plugins.load(third_party=False).suites])
    assert catalogue.controls
    for control in catalogue.controls:
        assert control.defects, f"{control.id} names no defect that turns it red"
        assert control.rationale.strip(), control.id
        assert control.remediation.strip(), control.id
        assert control.mappings, f"{control.id} maps to no catalogue"
