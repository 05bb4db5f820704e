"""The command: settings, wiring, the pass over the sources, and one module per subcommand."""
