"""What happens later or on a clock, run by the task runner (`vexil worker`, or a process of `vexil serve`).

Jobs call actions and keep no state of their own. May import `actions`, `queries` and below.
"""
