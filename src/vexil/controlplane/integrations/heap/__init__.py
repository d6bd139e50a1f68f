"""Heap: an event of each identity, with its flags as properties.

Settings: `api_key` (the app's id), `base_url` (Heap's own unless given). One identity goes in one request.
"""
