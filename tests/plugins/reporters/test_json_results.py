from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from l7audit.assess.results import Results, decode
from l7audit.assess.schema import results_schema
from l7audit.journal import Records
from l7audit_plugins.reporters.json_results import l7audit_register_reporter


def test_results_are_written_under_their_name_and_can_be_read_again(
    results: Results, records: Records, tmp_path: Path
) -> None:
    reporter = l7audit_register_reporter()
    path = reporter.write(results, records, tmp_path)
    assert (reporter.name, path) == ("json", tmp_path / "results.json")
    assert decode(path.read_bytes()) == results


def test_results_keep_to_the_published_schema(
    results: Results, records: Records, tmp_path: Path
) -> None:
    path = l7audit_register_reporter().write(results, records, tmp_path)
    jsonschema.validate(json.loads(path.read_bytes()), results_schema())


def test_writing_twice_gives_the_same_bytes(
    results: Results, records: Records, tmp_path: Path
) -> None:
    reporter = l7audit_register_reporter()
    first = reporter.write(results, records, tmp_path).read_bytes()
    assert reporter.write(results, records, tmp_path).read_bytes() == first


def test_a_folder_that_cannot_be_written_is_an_os_error(
    results: Results, records: Records, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match="missing"):
        l7audit_register_reporter().write(results, records, tmp_path / "missing")
