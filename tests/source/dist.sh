#!/usr/bin/env bash
# Every source is in the distributed archive: each file is a word of some makefile (a program of tests/unit and
# tests/fuzz by its name without ".c", which automake completes).
set -u
cd "${top_srcdir:-.}" || exit 99

words=$(cat Makefile.am $(find util conf drivers rpc daemon tools docs tests -name local.mk) | tr -s ' \t\\=' '\n' |
    sed -E 's|^(tests/[a-z]+/.*)\.c$|\1|' | sort -u)
missing=$(find util conf drivers rpc daemon tools docs tests -type f \
        \( -name '*.[chS]' -o -name '*.py' -o -name '*.sh' -o -name '*.in' -o -name '*.table' -o -name '*.conf' \) |
    sed -E 's|^(tests/[a-z]+/.*)\.c$|\1|' | sort | comm -23 - <(printf '%s\n' "$words"))

echo 1..1
if [ -z "$missing" ]; then echo "ok 1 - every source is named in a makefile"; else
    echo "not ok 1 - every source is named in a makefile"
    printf '# %s: in no local.mk\n' $missing
fi
