package tagout

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// canaryParts is into how many parts a share can be told apart: a share counts in hundredths
// of a percent.
const canaryParts = 10_000

// ParseShare reads `10%` or `0.1`. It returns Invalid for anything but a share between none
// and all, and rounds to a hundredth of a percent.
func ParseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	share, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		share /= 100
	}
	share = math.Round(share*canaryParts) / canaryParts
	if err != nil || !(share > 0 && share < 1) {
		return 0, Errorf(Invalid, "%q is not a share: write a percentage above 0 and below 100, such as 10%%.", clip(text, 40))
	}
	return share, nil
}

// ShareText is a share as [ParseShare] reads it: 10%.
func ShareText(share float64) string {
	return strconv.FormatFloat(math.Round(share*canaryParts)/100, 'f', -1, 64) + "%"
}

// CanaryWeight is the share in hundredths of a percent, and what it is a share of.
func CanaryWeight(share float64) (in, of int) {
	return int(math.Round(share * canaryParts)), canaryParts
}

// CanarySalt is what stands before the targeting key in the text that is hashed, so that
// each resumption picks other instances of each agent.
func CanarySalt(agent, plan string) string { return agent + ":" + plan + ":" }

// InCanary reports whether the instance with this targeting key is one of the share that a
// stage sets free. It decides as flagd's `fractional` does, so that an agent that asks and
// one that decides by itself agree: MurmurHash3 (x86, 32 bit, seed 0) over salt and key,
// times 10000, shifted right by 32 bits, is below the share's hundredths of a percent. An
// instance that does not say who it is, or not in printable ASCII, is never one of them.
func InCanary(agent, plan, key string, share float64) bool {
	if key == "" || plan == "" || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return false
	}
	in, of := CanaryWeight(share)
	return int(uint64(murmur3(CanarySalt(agent, plan)+key))*uint64(of)>>32) < in
}

// murmur3 is MurmurHash3 for x86 in 32 bits with the seed 0, in which flagd buckets.
func murmur3(text string) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	data, h := []byte(text), uint32(0)
	mix := func(k uint32) uint32 { return bits.RotateLeft32(k*c1, 15) * c2 }
	for ; len(data) >= 4; data = data[4:] {
		h = bits.RotateLeft32(h^mix(binary.LittleEndian.Uint32(data)), 13)*5 + 0xe6546b64
	}
	var tail uint32
	for n, b := range data {
		tail |= uint32(b) << (8 * n)
	}
	h ^= mix(tail)
	h ^= uint32(len(text))
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
