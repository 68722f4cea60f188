"""What the database's columns hold."""

# A count, a limit or a number that is larger fits no whole-number column.
LARGEST_INTEGER = 2_147_483_647
