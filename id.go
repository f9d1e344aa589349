package tagout

import (
	"crypto/sha1" // what UUID version 5 is defined with (RFC 9562); nothing secret depends on it
	"encoding/hex"
	"strconv"
)

// namespace is the UUID under which Tagout derives its identifiers.
var namespace = [16]byte{0x7a, 0x61, 0x67, 0x6f, 0x75, 0x74, 0x4e, 0x53, 0x8a, 0x1d, 0x2f, 0x60, 0x11, 0x5e, 0x9b, 0x03}

// DeriveID is a UUID version 5 of the parts: the same parts always give the same ID, so
// that a repeated request, page or alert is recognised even without the database.
func DeriveID(parts ...string) string {
	text := append(make([]byte, 0, 256), namespace[:]...)
	for _, p := range parts {
		text = append(strconv.AppendInt(text, int64(len(p)), 10), ':') // lengths keep "a","bc" apart from "ab","c"
		text = append(text, p...)
	}
	sum := sha1.Sum(text)
	var u [16]byte
	copy(u[:], sum[:])
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	s := hex.EncodeToString(u[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
