"""Which strategy is meant where none is named; apart from the strategies, so that help texts are quick."""

DEFAULT = "circle"
