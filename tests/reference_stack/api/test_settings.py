"""Settings: what is read, and what production refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from l7audit_stack.api.keyring import load_keyring
from l7audit_stack.api.parts import production_parts
from l7audit_stack.api.provision import add_data_key, provision
from l7audit_stack.api.settings import Settings, SettingsError, load_settings, weaknesses

GOOD_SIZES = {"api-key-pepper": 64, "audit.key": 64}
GOOD = Settings(public_url="https://api.example", cors_origins=("https://app.example",))


def test_strong_settings_have_no_weakness() -> None:
    assert weaknesses(GOOD, GOOD_SIZES) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"rate_limiting_enabled": False}, "RATE_LIMITING_ENABLED"),
        ({"security_headers_enabled": False}, "SECURITY_HEADERS_ENABLED"),
        ({"cors_strict_mode": False}, "CORS_STRICT_MODE"),
        ({"api_key_rotation_enabled": False}, "API_KEY_ROTATION_ENABLED"),
        ({"cors_origins": ("*",)}, "CORS_ORIGINS"),
        ({"cors_origins": ("https://*.example",)}, "CORS_ORIGINS"),
        ({"cors_origins": ("null",)}, "CORS_ORIGINS"),
        ({"cors_origins": ("http://app.example",)}, "CORS_ORIGINS"),
        ({"cors_origins": ("https://app.example/",)}, "CORS_ORIGINS"),
        ({"public_url": "http://api.example"}, "PUBLIC_URL"),
        ({"debug": True}, "DEBUG"),
        ({"log_level": "debug"}, "LOG_LEVEL"),
        ({"token_lifetime": 86_400}, "TOKEN_LIFETIME"),
    ],
)
def test_each_weak_setting_is_named_in_one_sentence(change: dict[str, object], word: str) -> None:
    found = weaknesses(replace(GOOD, **change), GOOD_SIZES)  # type: ignore[arg-type]
    assert len(found) == 1
    assert word in found[0]
    assert found[0].endswith(".")


@pytest.mark.parametrize("name", sorted(GOOD_SIZES))
def test_a_short_secret_is_a_weakness(name: str) -> None:
    (found,) = weaknesses(GOOD, {**GOOD_SIZES, name: 16})
    assert name in found


def test_production_does_not_start_on_weak_settings(tmp_path: Path) -> None:
    provision(tmp_path)
    weak = Settings(secrets_dir=tmp_path, public_url="http://x", debug=True)
    with pytest.raises(SettingsError) as refused:
        production_parts(weak)
    assert len(str(refused.value).splitlines()) == 2


def test_the_environment_wins_over_the_file_and_the_file_over_the_preset(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        'log_level = "WARNING"\nreplica_name = "from-file"\ncors_origins = ["https://a"]\n'
    )
    environ = {
        "SECURITY_LEVEL": "development",
        "SETTINGS_FILE": str(file),
        "REPLICA_NAME": "from-env",
    }
    settings = load_settings(environ)
    assert settings.log_level == "WARNING"
    assert settings.replica_name == "from-env"
    assert settings.environment == "development"
    assert settings.cors_origins == ("https://a",)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"SECURITY_LEVEL": "prod"}, "use one of"),
        ({"RATE_LIMITING_ENABLED": "perhaps"}, "true or false"),
        ({"MAX_BODY_BYTES": "1MB"}, "a whole number"),
        ({"SETTINGS_FILE": "/nowhere.toml"}, "can't be read"),
    ],
)
def test_a_value_of_the_wrong_shape_is_refused_with_the_mend(
    environ: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        load_settings(environ)


def test_a_file_with_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("speed = 9\n")
    with pytest.raises(SettingsError, match="SPEED"):
        load_settings({"SETTINGS_FILE": str(file)})


def test_secrets_are_not_shown() -> None:
    settings = Settings(database_url="postgresql://u:hunter2@h/d", store_url="redis://:hunter2@h")
    assert "hunter2" not in repr(settings)


def test_provisioning_makes_private_files_once(tmp_path: Path) -> None:
    made = provision(tmp_path)
    assert len(made) == 5
    assert provision(tmp_path) == []
    assert all((tmp_path / name).stat().st_mode & 0o077 == 0 for name in made)


def test_a_further_key_becomes_the_newest_and_older_ones_stay(tmp_path: Path) -> None:
    provision(tmp_path)
    before = load_keyring(tmp_path)
    new_data = add_data_key(tmp_path)
    after = load_keyring(tmp_path)
    assert list(after.data)[:-1] == list(before.data)
    assert new_data == f"data/{list(after.data)[-1]}.key"


def test_a_keyring_shows_no_secret(tmp_path: Path) -> None:
    provision(tmp_path)
    keyring = load_keyring(tmp_path)
    assert keyring.pepper.decode() not in repr(keyring)


def test_a_missing_folder_of_secrets_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="provision"):
        load_keyring(tmp_path / "absent")


def test_a_broken_key_file_is_named(tmp_path: Path) -> None:
    provision(tmp_path)
    (tmp_path / "data" / "zz.key").write_text("not a key")
    with pytest.raises(SettingsError, match=r"zz\.key"):
        load_keyring(tmp_path)
