"""python -m obligations.demo: exit code 0 when everything came once, right and not early; 1 when not."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        # Half of the first second goes into this import, and Ctrl-C is clean from the first moment on.
        from obligations.demo.run import main
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(main())
