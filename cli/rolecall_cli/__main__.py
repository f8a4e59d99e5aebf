"""`python -m rolecall_cli`."""

from rolecall_cli.main import main

main()
