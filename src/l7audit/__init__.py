"""The audit harness: proves, with evidence, that an API stack's controls work."""
