"""LaunchDarkly: what its REST API tells of a project, and its targeting in the words of our segments.

Reads and translates only; what is made of it is written by `actions/launch_darkly_*`.
"""
