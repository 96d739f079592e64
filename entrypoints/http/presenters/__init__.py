"""How results are shown: from domain values to the structs of `schemas`."""
