#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the unmodified harness of the HomomorphicEncryption.org ML-inference workload (github fhe-benchmarking/ml-inference) on this
# submission and prints its result files as a table.
#
#   benchmarks/fhe-suite/run.sh HARNESS [--size 0..3]... [--runs N] [--seed N] [--model FILE] [--batch-model FILE] [--python PYTHON]
#
# HARNESS is a clone of that repository; its submission/ is replaced, nothing of its harness/ is changed. PYTHON needs what its
# requirements.txt names. Without --size all four sizes run. The models are compiled from models/mnist-ffnn unless they are given:
# one in the latency packing for single and small, one in the throughput packing for medium and large.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
home=$(cd -- "$here/../.." && pwd)

die() {
  printf 'run.sh: %s\n' "$1" >&2
  exit 2
}

harness= runs=1 seed=1 model= batch_model= python=python3 sizes=()
while [ $# -gt 0 ]; do
  case "$1" in
    --size | --runs | --seed | --model | --batch-model | --python)
      [ $# -ge 2 ] || die "$1 needs a value"
      case "$1" in
        --size) sizes+=("$2") ;;
        --runs) runs=$2 ;;
        --seed) seed=$2 ;;
        --model) model=$2 ;;
        --batch-model) batch_model=$2 ;;
        --python) python=$2 ;;
      esac
      shift 2
      ;;
    -*) die "unknown option $1" ;;
    *)
      [ -z "$harness" ] || die "two harness folders: $harness and $1"
      harness=$1
      shift
      ;;
  esac
done
[ -n "$harness" ] || die "usage: run.sh HARNESS [--size 0..3]... [--runs N] [--seed N] [--model FILE] [--batch-model FILE] [--python PYTHON]"
[ -f "$harness/harness/run_submission.py" ] || die "$harness is no clone of fhe-benchmarking/ml-inference: harness/run_submission.py is missing"
harness=$(cd -- "$harness" && pwd)
[ ${#sizes[@]} -gt 0 ] || sizes=(0 1 2 3)
names=(single small medium large)
for size in "${sizes[@]}"; do
  case "$size" in 0 | 1 | 2 | 3) ;; *) die "--size $size: known are 0 single, 1 small, 2 medium, 3 large" ;; esac
done
"$python" -c 'import torch, torchvision, absl, numpy' || die "$python lacks what the harness needs; see $harness/requirements.txt"

# The harness would download the images: they are put where torchvision looks for them.
data="$home/models/mnist-ffnn/data"
[ -f "$data/train-images-idx3-ubyte" ] || node "$home/models/mnist-ffnn/fetch_mnist.mjs"
place_images() { # $1: a data folder of torchvision
  mkdir -p "$1/MNIST/raw"
  local name
  for name in train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
    cp -f "$data/$name" "$1/MNIST/raw/"
    gzip -kfn "$1/MNIST/raw/$name"
  done
}
place_images "$harness/harness/mnist/data"
for size in "${sizes[@]}"; do place_images "$harness/datasets/${names[$size]}"; done

# The submission: stages, engine, model. Folders of an earlier build stay, so that the harness builds only what changed.
mkdir -p "$harness/submission"
find "$harness/submission" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
cp -R "$here/submission/." "$harness/submission/"
mkdir -p "$harness/submission/native"
cp -R "$home/native/CMakeLists.txt" "$home/native/src" "$home/native/bench" "$harness/submission/native/"
cp "$home/LICENSE" "$harness/submission/LICENSE.md"
if ! grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$harness/submission" "$harness/submission/build/CMakeCache.txt"; then
  rm -rf "$harness/submission/build"
fi
place_model() { # $1: its name in the submission, $2: a compiled model or nothing, then options of the compiler
  local name=$1 given=$2
  shift 2
  if [ -n "$given" ]; then
    cp "$given" "$harness/submission/$name"
  else
    (cd "$home/models/mnist-ffnn" && "$home/tacet" compile model.onnx --calibration calibration.csv --config tacet.yaml --no-guards \
      "$@" -o "$harness/submission/$name")
  fi
}
place_model model.tacet "$model"
# A tenth of the scores' range leaves weights that take one instruction a product, and the labels as they are (README.md).
place_model batch.tacet "$batch_model" --packing throughput --accuracy 0.1
mkdir -p "$harness/third_party/openfhe/lib" # scripts/get_openfhe.sh takes this for an installed OpenFHE; nothing here uses it

python_folder=$(cd -- "$(dirname -- "$(command -v "$python")")" && pwd)
cd "$harness"
for size in "${sizes[@]}"; do
  PATH="$python_folder:$PATH" python3 harness/run_submission.py "$size" --num_runs "$runs" --seed "$seed"
done
"$python" "$here/collect.py" "$harness" "${sizes[@]}"
