"""RudderStack: as Segment, at an address of one's own.

Settings: `api_key` (the source's write key), `base_url` (the data plane). Many identities go in one request.
"""
