"""What holds for every test."""

import signal

# Whoever starts the tests in the background of a shell has them ignore Ctrl-C, and all that they start as well; then a
# test that ends a command with Ctrl-C would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
