"""The API client: one file a resource, on two verbs in `http.py`; it knows HTTP and Chakra only.

Start at `client.py`. A new resource is a file beside `users.py` and one line in `client.py`.
"""
