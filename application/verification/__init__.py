"""Prove the books: what must never happen, checked on a live database.

>>> report = Verification(read, gateway, wall).run()
>>> report.findings
()
"""

from application.verification.report import Finding, Progress, Report, no_progress
from application.verification.run import Verification

__all__ = ["Finding", "Progress", "Report", "Verification", "no_progress"]
