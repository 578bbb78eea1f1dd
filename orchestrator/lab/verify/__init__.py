"""The model checker: every sequence of errors that a config can meet, in seconds.

The rules of the room:

* What is checked is the machine that ships: every move is made by the very function that
  calls are made with, built over the table under check. Nothing here knows the rows.
* What the world does is free: which error comes, what stands by, which race is lost, how
  late it is. A choice is made only when a guard looks at it, so that what no guard looks
  at is never multiplied out.
* A merge is either a symmetry or something that no guard can see; the report names it.
"""

from orchestrator.lab.verify.certificate import Certificate, certify
from orchestrator.lab.verify.setting import Setting
from orchestrator.lab.verify.verdict import Basis, Verdict, verify
from orchestrator.lab.verify.violations import Violation

__all__ = ["Basis", "Certificate", "Setting", "Verdict", "Violation", "certify", "verify"]
