"""Slack: changes of flags as messages in a channel.

Settings of an environment: `channel_id`, `enabled`. Its project holds the `api_token`, which Slack gives by OAuth.
"""
