"""The model behind the strategy `circle`: what each film is worth, apart from how its raters rate."""
