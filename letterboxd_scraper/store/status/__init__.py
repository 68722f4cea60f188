"""How it stands with the cohorts: what is known, how old it is, what runs now and what is due."""
