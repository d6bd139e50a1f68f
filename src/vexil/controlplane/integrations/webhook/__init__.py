"""The identity webhook: each identity with its traits, flags and segments, at any URL.

Settings: `url`, `secret`. Signed as other webhooks are. One identity goes in one request.
"""
