"""The entries of the error catalogue, by what they are about; `vexil.wire.errors` puts them together.

One entry for each stable code: why it happens, what mends it, the sentence that answers carry, and an example.
Texts only. The docs page "HTTP errors" and `vexil doctor` are made of the same entries.
"""
