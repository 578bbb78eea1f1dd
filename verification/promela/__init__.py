"""An outside opinion: the machine a second time, in Promela, searched by ``spin``.

The rules of the room:

* Nothing of the model checker's machinery is used: spin searches, a C compiler compiles, and
  what the world does is chosen eagerly, everything before a guard looks at anything.
* The rows, their order, states, events and targets come from the table that runs. Every
  guard, effect and entry has a translation written by hand; one without is refused by name.
* The two searches must reach the same states, one by one: a set is compared, not its size.
* The moves too: spin tells of each what was decided and which row it took; the machine that ships
  is asked about the same call and event, at several instants, and must take the same row.
"""

from verification.promela.asking import named
from verification.promela.comparing import Comparison, compare
from verification.promela.exported import export
from verification.promela.spinning import Refused, TooSlow, Unavailable
from verification.promela.translations import Translations, Untranslated

__all__ = [
    "Comparison",
    "Refused",
    "TooSlow",
    "Translations",
    "Unavailable",
    "Untranslated",
    "compare",
    "export",
    "named",
]
