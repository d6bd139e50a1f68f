"""Sentry: changes of flags, so that issues show what was switched before them.

Settings: `webhook_url` (with the provider's token, from Sentry), `secret`.
"""
