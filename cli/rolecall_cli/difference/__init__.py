"""What `rolecall diff` reads and how it tells: versions from folders and git, then one module for each format."""
