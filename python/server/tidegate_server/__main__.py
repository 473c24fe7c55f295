"""The program: azmlinfsrv, tidegate-server, python -m tidegate_server, or python <folder>/tidegate_server."""

import sys


def main() -> None:
    """Of the console scripts."""
    drop_first_folder()
    from tidegate_server.program import main as run

    run()


def drop_first_folder() -> None:
    """The folder python puts first (the current one, or the console script's) is the user's business or nobody's:
    a score.py beside a json.py must not change what this package imports."""
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        del sys.path[0]


if __name__ == "__main__":
    if __package__:
        drop_first_folder()
    else:
        import os.path

        sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    from tidegate_server.program import main as start

    start()
