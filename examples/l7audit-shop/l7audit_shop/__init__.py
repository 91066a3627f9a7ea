"""What a third party adds to l7audit: a provider, a suite of controls, and a reporter."""

from l7audit.hookspecs import Provider, Reporter, Suite, hookimpl
from l7audit_shop.badge import Badge
from l7audit_shop.provider import ShopProvider


@hookimpl
def l7audit_register_provider() -> Provider:
    """`--target shop`."""
    return ShopProvider()


@hookimpl
def l7audit_register_suite() -> Suite:
    """The area SHOP."""
    return Suite(package="l7audit_shop.suite", title="What a shop owes its owner and its buyers")


@hookimpl
def l7audit_register_reporter() -> Reporter:
    """`badge.svg`."""
    return Badge()
