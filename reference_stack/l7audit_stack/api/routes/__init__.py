"""The operations of the API, one file a resource; `table.py` lists them all."""
