"""The client of Chakra's API: one file per resource, over the HTTP client in ``transport``.

Start at ``client.py``. A new resource is a file beside ``users.py`` and one line in ``client.py``.
``API.md`` has what is known about the API; docstrings repeat its marks CONFIRMED, INFERRED,
UNKNOWN.
"""
