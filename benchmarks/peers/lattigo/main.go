// SPDX-License-Identifier: Apache-2.0

// Single operations of Lattigo, as a worker of `tacet bench peers` (../README.md has the contract).
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/tuneinsight/lattigo/v6/circuits/ckks/lintrans"
	"github.com/tuneinsight/lattigo/v6/core/rlwe"
	"github.com/tuneinsight/lattigo/v6/ring/ringqp"
	"github.com/tuneinsight/lattigo/v6/schemes/ckks"
)

const (
	fewest      = 5
	matrixLevel = 5 // six primes left
)

type options struct {
	ops            []string
	logN           int
	logQ           float64
	chain, special []int
	logScale       int
	seconds        float64
}

type result struct {
	Op         string   `json:"op"`
	RingDegree int      `json:"ring_degree"`
	LogQ       float64  `json:"log_q"`
	LogQP      float64  `json:"log_qp"`
	Threads    int      `json:"threads"`
	MinUs      float64  `json:"min_us"`
	MedianUs   float64  `json:"median_us"`
	MaxError   *float64 `json:"max_error,omitempty"`
	Bytes      int      `json:"bytes,omitempty"`
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "lattigo worker:", err)
		os.Exit(1)
	}
}

func numbers(text string) (out []int) {
	for _, part := range strings.Split(text, ",") {
		if part != "" {
			out = append(out, must(strconv.Atoi(part)))
		}
	}
	return out
}

// parse reads "--name value" pairs; names that it does not know are ignored.
func parse(arguments []string) (o options) {
	o.seconds = 0.5
	for i := 0; i+1 < len(arguments); i += 2 {
		value := arguments[i+1]
		switch arguments[i] {
		case "--ops":
			o.ops = strings.Split(value, ",")
		case "--params":
			parts := strings.Split(value, ":")
			o.logN, o.logQ = must(strconv.Atoi(parts[0])), must(strconv.ParseFloat(parts[1], 64))
		case "--chain":
			o.chain = numbers(value)
		case "--special":
			o.special = numbers(value)
		case "--log-scale":
			o.logScale = must(strconv.Atoi(value))
		case "--seconds":
			o.seconds = must(strconv.ParseFloat(value, 64))
		}
	}
	return o
}

func timed(seconds float64, action func()) (low, middle float64) {
	action()
	var times []float64
	start := time.Now()
	for len(times) < fewest || time.Since(start).Seconds() < seconds {
		before := time.Now()
		action()
		times = append(times, float64(time.Since(before).Nanoseconds())/1e3)
	}
	sort.Float64s(times)
	return times[0], times[len(times)/2]
}

// lab holds keys and ciphertexts of one parameter set.
type lab struct {
	params    ckks.Parameters
	keygen    *rlwe.KeyGenerator
	secret    *rlwe.SecretKey
	encoder   *ckks.Encoder
	encryptor *rlwe.Encryptor
	decryptor *rlwe.Decryptor
	values    []float64
	plain     *rlwe.Plaintext
	x, y      *rlwe.Ciphertext
}

func newLab(o options) *lab {
	l := &lab{}
	l.params = must(ckks.NewParametersFromLiteral(ckks.ParametersLiteral{
		LogN: o.logN, LogQ: o.chain, LogP: o.special, LogDefaultScale: o.logScale,
	}))
	l.keygen = rlwe.NewKeyGenerator(l.params)
	l.secret = l.keygen.GenSecretKeyNew()
	l.encoder = ckks.NewEncoder(l.params)
	l.encryptor = rlwe.NewEncryptor(l.params, l.secret)
	l.decryptor = rlwe.NewDecryptor(l.params, l.secret)
	l.values = make([]float64, l.params.MaxSlots())
	state := uint64(1)
	for i := range l.values {
		state = 6364136223846793005*state + 1442695040888963407
		l.values[i] = float64(state>>11)/(1<<52) - 1
	}
	l.plain = l.encode(l.params.MaxLevel(), l.values)
	l.x, l.y = must(l.encryptor.EncryptNew(l.plain)), must(l.encryptor.EncryptNew(l.plain))
	return l
}

func (l *lab) encode(level int, values []float64) *rlwe.Plaintext {
	plain := ckks.NewPlaintext(l.params, level)
	check(l.encoder.Encode(values, plain))
	return plain
}

func (l *lab) evaluator(relin bool, galois ...uint64) *ckks.Evaluator {
	var relinKey *rlwe.RelinearizationKey
	if relin {
		relinKey = l.keygen.GenRelinearizationKeyNew(l.secret)
	}
	keys := rlwe.NewMemEvaluationKeySet(relinKey, l.keygen.GenGaloisKeysNew(galois, l.secret)...)
	return ckks.NewEvaluator(l.params, keys)
}

func (l *lab) maxError(ciphertext *rlwe.Ciphertext, expected func(i int) float64) *float64 {
	seen, worst := make([]float64, len(l.values)), 0.0
	check(l.encoder.Decode(l.decryptor.DecryptNew(ciphertext), seen))
	for i := range seen {
		worst = math.Max(worst, math.Abs(seen[i]-expected(i)))
	}
	return &worst
}

func (l *lab) ntt(forward bool) (func(), *float64) {
	ring := l.params.RingQ().SubRings[min(1, l.params.MaxLevel())]
	x := l.x.CopyNew().Value[0].Coeffs[min(1, l.params.MaxLevel())]
	if forward {
		return func() { ring.NTT(x, x) }, nil
	}
	return func() { ring.INTT(x, x) }, nil
}

func (l *lab) rotate() (func(), *float64) {
	eval := l.evaluator(false, l.params.GaloisElement(1))
	out := ckks.NewCiphertext(l.params, 1, l.params.MaxLevel())
	action := func() { check(eval.Rotate(l.x, 1, out)) }
	action()
	return action, l.maxError(out, func(i int) float64 { return l.values[(i+1)%len(l.values)] })
}

func (l *lab) rotateHoisted() (func(), *float64) {
	galois, level := l.params.GaloisElement(1), l.params.MaxLevel()
	eval := l.evaluator(false, galois)
	digits := make([]ringqp.Poly, l.params.BaseRNSDecompositionVectorSize(level, l.params.MaxLevelP()))
	for i := range digits {
		digits[i] = l.params.RingQP().AtLevel(level, l.params.MaxLevelP()).NewPoly()
	}
	eval.DecomposeNTT(level, l.params.MaxLevelP(), l.params.PCount(), l.x.Value[1], l.x.IsNTT, digits)
	out := ckks.NewCiphertext(l.params, 1, level)
	return func() { check(eval.AutomorphismHoisted(level, l.x, digits, galois, out)) }, nil
}

func (l *lab) multiply() (func(), *float64) {
	eval := l.evaluator(true)
	product := ckks.NewCiphertext(l.params, 1, l.params.MaxLevel())
	out := ckks.NewCiphertext(l.params, 1, l.params.MaxLevel()-1)
	action := func() {
		check(eval.MulRelin(l.x, l.y, product))
		check(eval.Rescale(product, out))
	}
	action()
	return action, l.maxError(out, func(i int) float64 { return l.values[i] * l.values[i] })
}

// linear multiplies by a dense matrix of `size` rows that repeats over the slots: `size` diagonals.
func (l *lab) linear(size int) (func(), *float64) {
	level := min(matrixLevel, l.params.MaxLevel())
	slots := len(l.values)
	diagonals := make(lintrans.Diagonals[float64])
	for d := 0; d < size; d++ {
		diagonals[d] = make([]float64, slots)
		for i := range diagonals[d] {
			diagonals[d][i] = l.values[(d*slots/size+i%size)%slots] / float64(size)
		}
	}
	parameters := lintrans.Parameters{
		DiagonalsIndexList:        diagonals.DiagonalsIndexList(),
		LevelQ:                    level,
		LevelP:                    l.params.MaxLevelP(),
		Scale:                     rlwe.NewScale(l.params.Q()[level]),
		LogDimensions:             l.plain.LogDimensions,
		LogBabyStepGiantStepRatio: 1,
	}
	transform := lintrans.NewTransformation(l.params, parameters)
	check(lintrans.Encode(l.encoder, diagonals, transform))
	eval := lintrans.NewEvaluator(l.evaluator(false, transform.GaloisElements(l.params)...))
	in := must(l.encryptor.EncryptNew(l.encode(level, l.values)))
	out := ckks.NewCiphertext(l.params, 1, level)
	return func() { check(eval.Evaluate(in, transform, out)) }, nil
}

// prepare returns nil for an operation that is not offered.
func (l *lab) prepare(op string) (func(), *float64) {
	switch op {
	case "ntt_forward":
		return l.ntt(true)
	case "ntt_inverse":
		return l.ntt(false)
	case "encode":
		return func() { check(l.encoder.Encode(l.values, l.plain)) }, nil
	case "encrypt_secret":
		out := l.x.CopyNew()
		return func() { check(l.encryptor.Encrypt(l.plain, out)) }, nil
	case "encrypt_public":
		encryptor := rlwe.NewEncryptor(l.params, l.keygen.GenPublicKeyNew(l.secret))
		out := l.x.CopyNew()
		return func() { check(encryptor.Encrypt(l.plain, out)) }, nil
	case "decrypt_decode":
		low := must(l.encryptor.EncryptNew(l.encode(0, l.values)))
		plain, out := ckks.NewPlaintext(l.params, 0), make([]float64, len(l.values))
		return func() {
			l.decryptor.Decrypt(low, plain)
			check(l.encoder.Decode(plain, out))
		}, nil
	case "multiply_plain":
		eval, out := l.evaluator(false), ckks.NewCiphertext(l.params, 1, l.params.MaxLevel())
		return func() { check(eval.Mul(l.x, l.plain, out)) }, nil
	case "rescale":
		eval, out := l.evaluator(false), ckks.NewCiphertext(l.params, 1, l.params.MaxLevel()-1)
		product := must(eval.MulNew(l.x, l.plain))
		return func() { check(eval.Rescale(product, out)) }, nil
	case "rotate":
		return l.rotate()
	case "rotate_hoisted":
		return l.rotateHoisted()
	case "multiply_relinearize_rescale":
		return l.multiply()
	case "linear_transform_128":
		return l.linear(128)
	case "linear_transform_1024":
		if l.params.LogN() > 15 {
			return nil, nil // its diagonals would take more than 4 GB
		}
		return l.linear(1024)
	case "keygen_rotation":
		galois := l.params.GaloisElement(1)
		return func() { l.keygen.GenGaloisKeyNew(galois, l.secret) }, nil
	}
	return nil, nil
}

func main() {
	runtime.GOMAXPROCS(1)
	o := parse(os.Args[1:])
	results := []result{}
	l := newLab(o)
	for _, op := range o.ops {
		action, worst := l.prepare(op)
		if action == nil {
			continue
		}
		low, middle := timed(o.seconds, action)
		r := result{Op: op, RingDegree: l.params.N(), LogQ: l.params.LogQ(), LogQP: l.params.LogQP(), Threads: 1,
			MinUs: low, MedianUs: middle, MaxError: worst}
		if op == "keygen_rotation" {
			r.Bytes = l.keygen.GenGaloisKeyNew(l.params.GaloisElement(1), l.secret).BinarySize()
		}
		results = append(results, r)
		runtime.GC()
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"library": "Lattigo 6.2.0", "results": results}))
}
