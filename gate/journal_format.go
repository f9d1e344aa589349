package gate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"

	"tagout"
)

// The journal is text, a line for a record: eight hexadecimal digits of CRC-32C, a space,
// and one JSON object, over which the CRC is. The first line is the header, the others are
// stops.
const (
	journalFormat  = "tagout-journal"
	journalVersion = 1
)

// journalHeader is the first line. Database is empty until the database was first seen.
type journalHeader struct {
	Format   string `json:"format"`
	Version  int    `json:"version"`
	Database string `json:"database"`
}

// journalEntry is every other line.
type journalEntry struct {
	Stop *tagout.StopRequest `json:"stop"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const crcDigits = 8

// line is the record v with its CRC and line feed.
func line(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, tagout.Errorf(tagout.Internal, "a stop cannot be written to the journal: %w", err)
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(text, castagnoli), text), nil
}

// open is the JSON of a line without its line feed, and whether its CRC is right.
func open(line []byte) ([]byte, bool) {
	if len(line) < crcDigits+1 || line[crcDigits] != ' ' {
		return nil, false
	}
	text := line[crcDigits+1:]
	want, err := strconv.ParseUint(string(line[:crcDigits]), 16, 32)
	sum := crc32.Checksum(text, castagnoli)
	return text, err == nil && uint32(want) == sum && string(line[:crcDigits]) == fmt.Sprintf("%08x", sum)
}

// journalText is what was found in a journal.
type journalText struct {
	header  journalHeader
	stops   []tagout.StopRequest
	torn    bool   // the last line was cut off, as by a crash in the middle of a write
	damaged []int  // numbers of lines that cannot be read; the header is line 1
	newer   string // set if a newer version wrote it
}

// readJournal reads as much as can be read. It never fails: it says what is wrong.
func readJournal(data []byte) journalText {
	var j journalText
	headed := false
	for n := 1; len(data) > 0; n++ {
		raw, rest, whole := bytes.Cut(data, []byte("\n"))
		data = rest
		text, ok := open(raw)
		switch {
		case n == 1:
			headed = ok && whole && j.readHeader(text)
		case !ok && !whole:
			j.torn = true
			continue
		case ok && j.readStop(text):
			continue
		default:
			j.damaged = append(j.damaged, n)
		}
	}
	if !headed && j.newer == "" {
		j.damaged = append([]int{1}, j.damaged...)
	}
	return j
}

func (j *journalText) readHeader(text []byte) bool {
	if err := json.Unmarshal(text, &j.header); err != nil || j.header.Format != journalFormat {
		return false
	}
	if j.header.Version != journalVersion {
		j.newer = strconv.Itoa(j.header.Version)
		return false
	}
	return true
}

func (j *journalText) readStop(text []byte) bool {
	var e journalEntry
	if err := json.Unmarshal(text, &e); err != nil || e.Stop == nil || e.Stop.Hold.ID == "" {
		return false
	}
	j.stops = append(j.stops, *e.Stop)
	return true
}
