"""Second opinions of the machine, for who maintains it: no part of the wheel."""
