"""Who someone is and where things are: the PIP. Facts never decide, and know nothing of policies."""
