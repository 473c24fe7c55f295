"""python -m tidegate_server, or python <folder>/tidegate_server."""

import sys

if __name__ == "__main__":
    # The folder python puts first (the current one, or this package's) is the user's business or
    # nobody's: a score.py beside a json.py must not change what this package imports.
    first = sys.path.pop(0)
    if not __package__:
        import os.path

        sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from tidegate_server.program import main

    main()
