"""The door for pytest users: `pytest --pyargs l7audit_suites.cors --l7audit-profile NAME`.

pytest loads this file in every run of every project on the machine, so it imports nothing else
and does nothing until its option is given.
"""

from __future__ import annotations

import importlib

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options; without `--l7audit-profile` the plugin stays out of the way."""
    group = parser.getgroup("l7audit", "audit an API with l7audit's suites")
    group.addoption(
        "--l7audit-profile",
        metavar="NAME",
        help="audit the target of this profile: a file, or a built-in profile (reference, ci)",
    )
    group.addoption("--l7audit-target", metavar="URL", help="audit this target instead")
    group.addoption("--l7audit-seed", metavar="N", type=int, help="the seed of the run")
    group.addoption("--l7audit-out", metavar="DIR", help="where the run's folder goes")


def pytest_configure(config: pytest.Config) -> None:
    """Hands over to the audit where one was asked for."""
    config.addinivalue_line("markers", "control(id): the control that this check tests")
    if config.getoption("l7audit_profile") is not None:
        standalone = importlib.import_module("l7audit.standalone")
        config.pluginmanager.register(standalone.Standalone(config), "l7audit-standalone")
