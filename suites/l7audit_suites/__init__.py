"""The built-in suites, one folder an area: a catalogue and the checks that test it."""

from l7audit.hookspecs import Suite, hookimpl


@hookimpl
def l7audit_register_suite() -> Suite:
    """The areas that stand beside this file."""
    return Suite(package=__name__, title="l7audit's own controls")
