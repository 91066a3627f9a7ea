"""The area SHOP: what a shop owes its owner and its buyers."""
