"""`python -m entrypoints.cli`: the same as `tuition`, by a given Python."""

import sys

from entrypoints.cli import main

sys.exit(main())
