"""What `rolecall new` writes: a policy, tests that say what was meant, claims, and the schemas for editors."""
