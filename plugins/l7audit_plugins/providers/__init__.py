"""Providers: one file each opens one kind of target."""
