#!/usr/bin/python3
"""Bash completions, made from what they complete: the commands and options of utils/millrace, the settings of src/config/settings.def.

generate.py            writes `millrace` and `millrace-server` beside this file
generate.py check      says whether they are as they would be written
"""
import importlib.machinery, importlib.util, os, re, sys

HERE = os.path.dirname(os.path.abspath(__file__))
UTILS = os.path.dirname(HERE)

# Words are taken from the line, since bash cuts them at colons, which names of queues have. Names of queues come from the server that the
# options typed so far lead to, when it answers at once.
MILLRACE = r"""# bash completion for millrace(1), made by utils/completions/generate.py
_millrace()
{
    local line=${COMP_LINE:0:COMP_POINT} words cur last command= queues= i name
    local options='%(options)s' values='%(values)s' files='--cacert --cacertdir --cert --key -s --socket' reach=()
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    ((${#words[@]} > 1)) || return
    cur=${words[-1]} last=${words[-2]}
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        if [[ " $values " == *" ${words[i]} "* ]]; then
            reach+=("${words[i]}" "${words[++i]}")
        elif [[ ${words[i]} == -* ]]; then
            reach+=("${words[i]}")
        else
            command=${words[i]}
            break
        fi
    done
    COMPREPLY=()
    if [[ " $files " == *" $last "* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
    fi
    case $command in
    '') options="$options %(commands)s" ;;
%(cases)s
    esac
    if [[ -z $command || $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    elif [[ $queues ]]; then
        while IFS= read -r name; do
            [[ $name == "$cur"* ]] || continue
            name=${name#"${cur%%"${cur##*:}"}"}
            COMPREPLY+=("$(printf %%q "$name")")
        done < <(timeout 0.3 "${words[0]}" "${reach[@]}" queues --names --limit 200 "$cur*" 2>/dev/null)
    fi
}
complete -F _millrace millrace
"""

SERVER = r"""# bash completion for millrace-server(8), made by utils/completions/generate.py
_millrace_server()
{
    local cur=${COMP_WORDS[COMP_CWORD]}
    case $cur in
    -*) mapfile -t COMPREPLY < <(compgen -W '%(options)s' -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    esac
}
complete -o filenames -F _millrace_server millrace-server
"""


def program():
    """utils/millrace as a module."""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("millrace", os.path.join(UTILS, "millrace"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("millrace", loader))
    loader.exec_module(module)
    return module


def millrace():
    m = program()
    of_connection, of_commands = m.specs(m.CONNECTION), m.specs(m.OPTIONS)
    known = lambda specs, with_value=False: [f for flags, metavar, _ in specs.values() if metavar or not with_value for f in flags]
    cases = []
    for name, (_, words) in m.COMMANDS.items():
        options = [f for w in words if w.startswith("--") for f in of_commands[w[2:].replace("-", "_")][0]]
        takes = "yes" if any(w.rstrip("?") in ("queue", "glob") for w in words) and name not in ("clients",) else ""
        cases.append("    %s) options=\"$options %s\" queues=%s ;;" % (name, " ".join(options), takes))
    return MILLRACE % {"options": " ".join(known(of_connection) + ["--help"]), "values": " ".join(known(of_connection, True)), "commands": " ".join(m.COMMANDS), "cases": "\n".join(cases)}


def server():
    with open(os.path.join(UTILS, "..", "src/config/settings.def")) as f:
        names = re.findall(r'^S\(\w+, "([^"]+)"', f.read(), re.M)
    return SERVER % {"options": " ".join(["--help", "--version", "--print-sample-config", "--print-conf-manual", "--print-reference", "--healthcheck"] + sorted("--" + n for n in names))}


def main():
    stale = []
    for name, text in (("millrace", millrace()), ("millrace-server", server())):
        path = os.path.join(HERE, name)
        if sys.argv[1:] == ["check"]:
            with open(path) as f:
                stale += [name] * (f.read() != text)
        else:
            with open(path, "w") as f:
                f.write(text)
    if stale:
        sys.exit("utils/completions/%s is not what generate.py writes: make reference" % stale[0])


if __name__ == "__main__":
    main()
