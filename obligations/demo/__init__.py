"""One offer letter's life in half a minute: a real daemon, real receivers, two killings, and the count at the end.

python -m obligations.demo [--keep DIR]
"""
