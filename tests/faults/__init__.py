"""Faults, injected, and what is decided under them: each decision is compared with what complete facts say.

`python -m faults` runs it all and writes the table of docs/faults.md.
"""
