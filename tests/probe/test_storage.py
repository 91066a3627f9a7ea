"""What lies in a target's database: looked at, changed and put back."""

from __future__ import annotations

import pytest

from l7audit.errors import ProviderError
from l7audit.model import Target
from l7audit.probe.redact import Redactor
from l7audit.probe.storage import Storage


def test_only_postgresql_is_understood() -> None:
    with pytest.raises(ProviderError, match="no PostgreSQL"):
        Storage("mysql://a:b@127.0.0.1/c")


def test_a_database_that_is_away_is_told_of_without_its_password() -> None:
    with pytest.raises(ProviderError) as caught, Storage("postgresql://u:geheim@127.0.0.1:9/z"):
        pass
    assert "geheim" not in str(caught.value)


def test_the_password_of_the_storage_is_written_nowhere() -> None:
    target = Target(
        name="t",
        provider="p",
        base_url="https://127.0.0.1",
        capabilities=[],
        storage="postgresql://u:geheimwort@127.0.0.1/z",
    )
    assert "geheimwort" not in Redactor.of(target).text("it was geheimwort")
