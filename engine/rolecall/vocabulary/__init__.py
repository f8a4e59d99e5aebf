"""The nouns every other part speaks in: roles, places, requests, decisions, origins. No logic beyond set algebra."""
