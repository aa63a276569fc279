"""``python -m whyshare`` is ``whyshare``."""

import sys

from .cli import main

sys.exit(main())
