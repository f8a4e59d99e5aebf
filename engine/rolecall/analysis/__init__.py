"""Questions about policies: what an edit changes, whether a claim holds, what the tests cover. Reads tables only."""
