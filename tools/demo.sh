#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh - runs the main job once, with each command shown and explained; called by `make demo`.
#
# Input     the repository's own trained network and the images it draws; with $DOVETAIL_TEST_DATA
#           (or ../shared/data) present, also LeNet on MNIST and GoogLeNet.
# Output    each step: a sentence, the command as a user would type it, what it printed.
# Exit      that of the first command that fails.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/build:$PATH
data=${DOVETAIL_TEST_DATA:-../shared/data}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# say TEXT...: one paragraph to the reader.
say() {
    printf '\n%s\n' "$*" | fold -s -w 88 | sed 's/ *$//'
}

# show COMMAND...: prints the command, then what it prints.
show() {
    printf '\n  $ %s\n' "$*"
    "$@" >"$work/shown"
    sed '/./s/^/    /' "$work/shown"
}

# value KEY FILE: the number behind a key of one level of JSON.
value() {
    sed -n "s/^  \"$1\": \([-0-9.e+]*\),*\$/\1/p" "$2"
}

# row FORMAT NETWORK... : accuracy in one number format, and speed, as a line of the table. The
# format is float32 (the reference) or the name of an overlay.
row() {
    format=$1
    shift
    speed=
    if [ "$format" = float32 ]; then
        dovetail eval "$@" --engine reference --json >"$work/eval"
    else
        dovetail eval "$@" --engine overlay --overlay "$format" --json >"$work/eval"
        # shellcheck disable=SC2086 # the model and its weights, in words
        dovetail profile $model --overlay "$format" --json >"$work/profile"
        speed=$(printf '  %12.0f  %13.0f' "$(value cycles "$work/profile")" \
            "$(value fps "$work/profile")")
    fi
    awk -v format="$format" -v top1="$(value top1 "$work/eval")" \
        -v top5="$(value top5 "$work/eval")" -v speed="$speed" \
        'BEGIN { printf "    %-13s %7.2f %%  %7.2f %%%s\n", format, 100 * top1, 100 * top5, speed }'
}

# table MODEL_ARGUMENTS SET FORMAT...: accuracy in each format on one set.
table() {
    model=$1
    set_arguments=$2
    shift 2
    printf '\n  $ dovetail eval %s \\\n        %s --engine ...\n\n' "$model" "$set_arguments" |
        sed 's/ --weights/ \\\n        --weights/'
    printf '    %-13s %9s  %9s  %12s  %13s\n' 'computed in' top-1 top-5 cycles/image images/s
    for format in "$@"; do
        # shellcheck disable=SC2086 # both are lists of words
        row "$format" $model $set_arguments
    done
}

if [ ! -x build/dovetail ]; then
    echo "demo.sh: build/dovetail is missing; run 'make' first" >&2
    exit 1
fi

glyphs=examples/models/glyphs/glyphs.onnx

say "The commands below can be typed after PATH=\$PWD/build:\$PATH"

say "1. A trained network. This one is small and belongs to the repository: it reads drawn" \
    "digits of 28 x 28 pixels. Its work is what any hardware has to do for one image."
show dovetail info $glyphs

say "2. Compile it for an overlay: a fixed FPGA design of multipliers and a buffer, which is" \
    "programmed by long words, one for each step of the network. 'small' multiplies 256 pairs" \
    "in a cycle; 'fp11' are numbers with 7 bits of mantissa that share an exponent. What the" \
    "overlay has no kernel for stays on the host, with the reason."
show dovetail compile $glyphs --overlay small-fp11 -o build/glyphs.dvp

say "3. Are the answers still right in few bits? Every image goes through a model of the hardware" \
    "that is exact to the bit; float32 is the reference on this machine. Top-1 counts images" \
    "whose best score is the right digit. Cycles come from the cycle model."
table $glyphs "--dataset glyphs:4000 --scale 1/256" float32 small-fp16 small-fp11 small-int8

say "4. How fast, and what does the array wait for? One line a subgraph: 'array' is the share of" \
    "its cycles in which the multipliers worked. Below: the frame rate, where the time went, and" \
    "how much of the array's peak the network used; 'its widths allow' is the most that layers" \
    "of these sizes could use, so what lies between the two can still be won."
show dovetail profile build/glyphs.dvp

lenet=$data/models/LupinLeo+LeNet-5-ZYNQ
mnist=$data/datasets/mnist
googlenet=$data/models/BVLC+caffe/models/bvlc_googlenet/deploy.prototxt

if [ -d "$lenet" ] && [ -d "$mnist" ]; then
    say "5. The same with a network that others trained: LeNet in Caffe's form on 5,000 images of" \
        "MNIST (a minute or so)."
    table "$lenet/deploy.prototxt --weights $lenet/lenet_iter_10000.caffemodel" \
        "--dataset mnist:$mnist --scale 1/256" float32 medium-fp16 medium-fp11 medium-int8
else
    say "5. LeNet on MNIST is left out: $lenet or $mnist is not here."
fi
if [ -f "$googlenet" ]; then
    say "6. GoogLeNet on the largest ready overlay, an Arria 10: the last lines of its profile." \
        "Cycles depend on no weight, so the topology is enough."
    printf '\n  $ dovetail profile %s --overlay large-fp11 | tail -5\n' "$googlenet"
    dovetail profile "$googlenet" --overlay large-fp11 >"$work/shown"
    tail -5 "$work/shown" | sed 's/^/    /'
else
    say "6. GoogLeNet's profile is left out: $googlenet is not here."
fi

say "Next: 'build/dovetail help' lists the commands; docs/how-to-compile.md does these steps with" \
    "a network of your own."
