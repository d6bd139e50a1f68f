"""Mixpanel: the profile properties of users are the flags of identities.

Settings: `api_key` (the project's token), `base_url` (Mixpanel's own unless given). Many identities go in one request.
"""
