"""The verbs of `rolecall audit`, one a file."""
