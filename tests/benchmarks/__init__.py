"""Benchmarks, one command: `PYTHONPATH=engine:tests python -m benchmarks` (or `python tests/benchmarks`)."""
