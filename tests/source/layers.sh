#!/usr/bin/env bash
# The layers: an #include may only follow the arrows util <- conf <- drivers <- daemon, util <- rpc <- daemon and
# rpc <- tools; a driver sees of another driver only drivers/NAME/NAME.h.
set -u
cd "${top_srcdir:-.}" || exit 99

may_include() {   # FROM-FOLDER -> the folders it may include
    case $1 in
    util) echo util ;;
    conf) echo conf util ;;
    drivers) echo drivers conf util ;;
    rpc) echo rpc util ;;
    daemon) echo daemon drivers conf rpc util ;;
    tools) echo tools conf rpc util ;;
    esac
}

echo 1..6
n=0
for from in util conf drivers rpc daemon tools; do
    n=$((n + 1))
    allowed=" $(may_include "$from") "
    bad=$(grep -rnoE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]+"' "$from" |
        while IFS=: read -r file line text; do
            target=${text#*\"}; target=${target%\"}
            to=${target%%/*}
            [ "$to" = "$target" ] && continue          # config.h
            case $allowed in *" $to "*) ;; *) echo "# $file:$line includes $target"; continue ;; esac
            if [ "$from/$to" = drivers/drivers ]; then
                own=${file#drivers/}; own=${own%%/*}
                other=${target#drivers/}
                case $other in "$own"/* | "${other%%/*}/${other%%/*}.h") ;; *) echo "# $file:$line includes $target" ;; esac
            fi
        done)
    if [ -z "$bad" ]; then echo "ok $n - $from/ includes only what it may"; else
        echo "not ok $n - $from/ includes only what it may"; echo "$bad"; fi
done
