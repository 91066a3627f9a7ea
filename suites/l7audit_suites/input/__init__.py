"""Input: what a caller sends is data, and only such data as was declared."""
