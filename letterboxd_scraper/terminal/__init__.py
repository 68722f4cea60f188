"""The kit of the command line: options, help, tables, progress, one-line errors."""
