"""The command line of rolecall: one verb a file in `commands`. The library never imports this package."""
