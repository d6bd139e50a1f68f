"""A running Flagsmith, read over its APIs and written down as a file that `vexil import` takes.

Answers are kept on disk as they come, so that a reading that was stopped goes on. Nothing is written to the Flagsmith.
"""
