"""What a check sees of a target: its operations by what they are, and how to call them."""
