"""How `rolecall matrix` tells a matrix: what is shown of it, its words, then one module for each format."""
