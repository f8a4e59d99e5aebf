"""Tests as tables: who may do what and who may not, in files beside the policy, decided by the real authoriser."""

from __future__ import annotations

from rolecall.analysis.grids.model import Case, TestFile
from rolecall.analysis.grids.read import read_tests
from rolecall.analysis.grids.run import Answer, Asked, Bench, Result

__all__ = ["Answer", "Asked", "Bench", "Case", "Result", "TestFile", "read_tests"]
