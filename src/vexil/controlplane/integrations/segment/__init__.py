"""Segment: the traits of users are the flags of identities.

Settings: `api_key` (the source's write key), `base_url` (one of two regions). Many identities go in one request.
"""
