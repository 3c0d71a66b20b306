"""Python of the pages runs in a process of its own: a class that it defines would stay registered
in this one."""

import ast
import multiprocessing
import traceback

import crmpi.api


def isolated(function, *arguments):
    """Call a function in a forked process; what it raises there fails the test here."""
    context = multiprocessing.get_context("fork")
    said, heard = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(heard, function, arguments))
    process.start()
    heard.close()
    try:
        failure = said.recv()
    except EOFError:
        failure = "the process ended without an answer"
    process.join()
    assert not failure, failure


def _report(pipe, function, arguments):
    try:
        function(*arguments)
        failure = ""
    except BaseException:
        failure = traceback.format_exc()
    pipe.send(failure)


def execute(block, names=()):
    """Execute a block of Python and return the names that it defines; functions alone are hooks of
    a problem, which sees what `crmpi.api` has."""
    scope = {"__name__": "recipe", **dict(names)}
    tree = ast.parse(block.text)
    if any(isinstance(node, ast.FunctionDef) for node in tree.body):
        scope |= {name: getattr(crmpi.api, name) for name in crmpi.api.__all__}
    exec(compile(tree, str(block), "exec"), scope)
    return scope
