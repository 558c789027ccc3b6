include tools/cli/local.mk
include tools/demo/local.mk
EXTRA_DIST += tools/quickstart tools/check tools/packages README.md
