"""Starting, watching and stopping the reference stack."""
