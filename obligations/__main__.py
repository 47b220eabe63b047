"""`python -m obligations` is the command line."""

from obligations.cli import main

main()
