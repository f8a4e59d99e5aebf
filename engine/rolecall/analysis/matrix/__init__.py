"""Who may do what, drawn whole: combinations of roles by permissions, those that behave alike in one row."""

from rolecall.analysis.matrix.classes import TooManyRowsError
from rolecall.analysis.matrix.draw import draw
from rolecall.analysis.matrix.model import Answer, Behind, Entry, Matrix, Row, Sheet

__all__ = ["Answer", "Behind", "Entry", "Matrix", "Row", "Sheet", "TooManyRowsError", "draw"]
