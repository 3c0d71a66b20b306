"""Print what makes a shell complete the words of crmpi: commands, options, problems, parameters.

crmpi completion bash > ~/.local/share/bash-completion/completions/crmpi
source <(crmpi completion bash)            for this shell
crmpi completion zsh >> ~/.zshrc           after compinit
"""

import argparse
import importlib
import shlex

PROBLEMS_FOR = ("run", "sweep", "converge", "warm", "check", "problems", "models", "params")
"""Commands whose words may be names of problems."""

KEYS_FOR = ("run", "sweep", "converge", "warm", "check")
"""Commands whose words may be key=value."""

_SCRIPT = """\
_crmpi() {
    local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" words=""
    if (( COMP_CWORD == 1 )); then
        words=@COMMANDS@
    else
        case "${COMP_WORDS[1]} $before" in
@VALUES@
        esac
        if [[ -z $words ]]; then
            case "${COMP_WORDS[1]}" in
@OPTIONS@
            esac
        fi
    fi
    COMPREPLY=( $(compgen -W "$words" -- "$current") )
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o default -F _crmpi crmpi
"""

_ZSH = "autoload -U +X bashcompinit && bashcompinit\n"


def add_arguments(parser):
    """Declare the arguments of ``crmpi completion``."""
    parser.add_argument("shell", choices=("bash", "zsh"), help="the shell to print for")


def main(arguments):
    """Run ``crmpi completion``."""
    print((_ZSH if arguments.shell == "zsh" else "") + script(), end="")
    return 0


def script():
    """Return the script for bash; zsh reads it, too."""
    from crmpi.cli.main import COMMANDS
    from crmpi.model.files import problem_folders
    from crmpi.params.core import CORE
    from crmpi.params.table import rows
    from crmpi.run.configuration import default_groups

    problems = list(problem_folders())
    keys = list(dict.fromkeys(f"{row.key}=" for row in rows(CORE | default_groups())))
    options, values = [], []
    for name in COMMANDS:
        parser = argparse.ArgumentParser(add_help=True)
        importlib.import_module(f"crmpi.cli.{name}").add_arguments(parser)
        words = [*(problems if name in PROBLEMS_FOR else ()), *(keys if name in KEYS_FOR else ())]
        for action in parser._actions:
            words += [flag for flag in action.option_strings if flag.startswith("--")]
            given = problems if action.dest == "like" else action.choices
            if given and action.option_strings:
                case = "|".join(shlex.quote(f"{name} {flag}") for flag in action.option_strings)
                values.append(f"            {case}) words={_quoted(given)} ;;")
            elif given:
                words += list(map(str, given))
        options.append(f"                {name}) words={_quoted(words)} ;;")
    text = _SCRIPT.replace("@COMMANDS@", _quoted([*COMMANDS, "--help", "--version"]))
    return text.replace("@VALUES@", "\n".join(values)).replace("@OPTIONS@", "\n".join(options))


def _quoted(words):
    return shlex.quote(" ".join(map(str, words)))
