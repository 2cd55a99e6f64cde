"""The part of the completion scripts that asks `complete` for the methods and parameters of a model.

shtab calls a function of each shell for an argument, and a function says only which words there are. In bash, what
follows a word is decided outside of it, so bash has a second function around shtab's. tcsh and PowerShell complete files
in these places.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import shtab

_BASH: Final = """\
_gen_client_words() {
  "${COMP_WORDS[0]}" completion bash -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null
}
"""
_BASH_END: Final = """
# A word that ends with = or @ goes on. A tabulator asks for files, after the text that follows it.
_gen_client_complete() {
  local line=${COMP_LINE:0:COMP_POINT} word ready index
  word=${line##*[[:space:]]}
  # Readline completes what follows the last of its break characters.
  ready=${word%"${word##*["$COMP_WORDBREAKS"]}"}
  SHTAB_FUNCTION "$@"
  if [[ ${COMPREPLY[0]-} == $'\\t'* ]]; then
    word=${word#"${COMPREPLY[0]#?}"}
    COMPREPLY=()
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
    return 0
  fi
  for index in "${!COMPREPLY[@]}"; do
    COMPREPLY[index]=${COMPREPLY[index]#"$ready"}
  done
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=@] ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -o bashdefault -F _gen_client_complete PROGRAM
"""
_ZSH: Final = """\
_gen_client_words() {
  local candidate
  local -a open closed program
  # `words` holds only the arguments here.
  program=(${(M)${(z)LBUFFER}:#(|*/)PROGRAM})
  while IFS= read -r candidate; do
    case $candidate in
      ($'\\t'*) compset -P "${(b)candidate#?}"; _files ;;
      (*[=@]) open+=("$candidate") ;;
      (?*) closed+=("$candidate") ;;
    esac
  done < <(${~program[-1]} completion zsh -- "PROGRAM ${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)
  (( $#open )) && compadd -S '' -- $open
  (( $#closed )) && compadd -- $closed
  return 0
}
"""
_FISH: Final = """\
function _gen_client_words
  set -l line (commandline -cp | string collect)
  set -l word (commandline -ct | string collect)
  set -l program (commandline -opc)[1]
  for candidate in ($program completion fish -- $line 2>/dev/null)
    if string match -q \\t'*' -- $candidate
      set -l ready (string sub -s 2 -- $candidate)
      set -l path (string sub -s (math (string length -- $ready) + 1) -- $word)
      for file in (__fish_complete_path $path)
        printf '%s%s\\n' $ready $file
      end
    else
      printf '%s\\n' $candidate
    end
  end
end
"""


def build_completer(program: str) -> Mapping[str, Any]:
    """Return how the shells complete the words that name a model, a method and its arguments.

    Args:
        program: The name of the command.
    """
    return {
        **shtab.FILE,
        "bash": "_gen_client_words",
        "zsh": "_gen_client_words",
        "fish": "(_gen_client_words)",
        "preamble": {"bash": _BASH, "zsh": _ZSH.replace("PROGRAM", program), "fish": _FISH},
    }


def finish_bash_script(program: str) -> str:
    """Return the end of the script of bash."""
    function = f"_shtab_{program.replace('-', '_')}"
    return _BASH_END.replace("SHTAB_FUNCTION", function).replace("PROGRAM", program)
