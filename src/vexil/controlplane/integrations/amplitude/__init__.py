"""Amplitude: the user properties of identities.

Settings: `api_key`, `base_url`. Many identities go in one request.
"""
