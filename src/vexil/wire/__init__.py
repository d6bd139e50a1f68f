"""The shapes that others rely on: snapshots, flag objects, environment documents, key formats, error bodies.

Pure functions and records, no I/O. Both planes use them: the control plane builds a snapshot, the data
plane turns it into the JSON that SDKs read. May import `engine`.
"""
