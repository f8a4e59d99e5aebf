"""What other engines, written by other people, say to the same questions."""
