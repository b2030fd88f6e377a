# weir.bash - completion of weir(1) for bash.
_weir() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} job= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        run | state | check | explain | doctor | test | help | version) job=${COMP_WORDS[i]} && break ;;
        esac
    done
    COMPREPLY=()
    case $prev in
    --format)
        mapfile -t COMPREPLY < <(compgen -W "table box csv tsv json jsonl markdown line" -- "$cur")
        return
        ;;
    --color)
        mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur")
        return
        ;;
    -f | --file | --catalog | --state)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        compopt -o filenames
        return
        ;;
    -c | --command | -v | --param | --threads | --batch | --seed | --null | --timeout | --name | --stop-timeout | \
        --restart) return ;;
    esac
    if [[ $cur == -* ]]; then
        local words="--format --param --threads --catalog --batch --seed --no-header --null --color
            --quiet --timeout --name --state --fresh --stop-timeout --restart --no-rc --no-optimize --version --help"
        [[ $job == test ]] && words+=" --update"
        [[ -z $job ]] && words+=" -c --command -f --file"
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    elif [[ -z $job ]]; then
        mapfile -t COMPREPLY < <(compgen -W "run state check explain doctor test help version" -- "$cur")
    elif [[ $job == test ]]; then
        mapfile -t COMPREPLY < <(compgen -f -X '!*.slt' -- "$cur"; compgen -d -- "$cur")
        compopt -o filenames
    elif [[ $job != doctor && $job != help && $job != version ]]; then
        mapfile -t COMPREPLY < <(compgen -f -X '!*.sql' -- "$cur"; compgen -d -- "$cur")
        compopt -o filenames
    fi
}
complete -F _weir weir
