"""One module per subcommand: `configure(parser)` and `run(options, app) -> Exit`."""
