# weir.bash - completion of weir(1) for bash.
_weir() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} job= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        run | check | explain | doctor | test | help) job=${COMP_WORDS[i]} && break ;;
        esac
    done
    COMPREPLY=()
    case $prev in
    --format)
        mapfile -t COMPREPLY < <(compgen -W "table csv json jsonl markdown line" -- "$cur")
        return
        ;;
    --color)
        mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur")
        return
        ;;
    -f | --catalog)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        compopt -o filenames
        return
        ;;
    -c | --param | --threads | --batch | --seed | --null) return ;;
    esac
    if [[ $cur == -* ]]; then
        local words="--format --param --threads --catalog --batch --seed --no-header --null --color
            --version --help"
        [[ $job == test ]] && words+=" --update"
        [[ -z $job ]] && words+=" -c -f"
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    elif [[ -z $job ]]; then
        mapfile -t COMPREPLY < <(compgen -W "run check explain doctor test help" -- "$cur")
    elif [[ $job == test ]]; then
        mapfile -t COMPREPLY < <(compgen -f -X '!*.slt' -- "$cur"; compgen -d -- "$cur")
        compopt -o filenames
    elif [[ $job != doctor && $job != help ]]; then
        mapfile -t COMPREPLY < <(compgen -f -X '!*.sql' -- "$cur"; compgen -d -- "$cur")
        compopt -o filenames
    fi
}
complete -F _weir weir
