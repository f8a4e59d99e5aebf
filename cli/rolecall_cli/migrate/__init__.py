"""The verbs of `rolecall migrate`, one a file."""
