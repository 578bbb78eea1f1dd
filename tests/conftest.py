"""What all tests share: how hypothesis draws its examples."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

# Either would make a property depend on what else the machine is doing.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", PATIENT)
settings.register_profile("ci", PATIENT, derandomize=True, database=None, print_blob=True)
# A mutant is noticed or not: how the shortest example looks does not matter.
settings.register_profile(
    "mutants",
    settings.get_profile("ci"),
    max_examples=30,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if "CI" in os.environ else "dev")
)
