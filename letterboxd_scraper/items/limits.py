"""How large numbers may be."""

# What the database's columns hold: a count, a limit or a number that is larger fits no whole-number column.
LARGEST_INTEGER = 2_147_483_647
# So far from its seed a cohort can reach.
MOST_STEPS = 4
