"""``python -m crmpi``: the command ``crmpi`` where its script is not in the path."""

import sys

from crmpi.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
