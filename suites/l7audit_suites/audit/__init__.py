"""Audit trail: what was done is recorded, kept from others, and not to be changed unseen."""
