"""Files by path: nothing leads out of the folder that they are in."""
