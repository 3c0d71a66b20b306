"""The option ``--plugins`` of commands that have no YAML file."""


def add_plugins(parser):
    """Declare the option."""
    parser.add_argument(
        "--plugins",
        action="append",
        default=[],
        metavar="PATH",
        help="Python file of plug-ins, or folder of them; see docs/plugins.md",
    )


def use(paths):
    """Make the plug-ins available."""
    from crmpi import plugins

    plugins.use(paths)
