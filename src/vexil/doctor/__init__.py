"""`vexil doctor`: finds why an installation does not answer as it should, step by step, and says how to mend it.

One file for each group of checks; each yields findings in the words of the error catalogue. Checks of an address
know only what any client can see; those of the local installation look into its settings and its database.
Changes nothing, and never prints a key or token. May import everything below the command line.
"""
