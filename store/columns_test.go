package store

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// oneOfEach has a field of every kind that rows have.
type oneOfEach struct {
	Text   string
	Number int
	Big    int64
	Maybe  *int64
	Yes    bool
	At     time.Time
	Ended  *time.Time
	Raw    []byte
}

func (oneOfEach) TableName() string { return "one_of_each" }

func TestColumnsAreArraysAsPgxMakesThem(t *testing.T) {
	t.Parallel()
	at, n := time.Date(1999, 12, 31, 23, 59, 59, 999999000, time.FixedZone("", 3600)), int64(-5)
	later := time.Date(2026, 11, 22, 1, 2, 3, 4000, time.UTC)
	rows := []oneOfEach{
		{Text: "Grüße 👋", Number: -1, Big: 1 << 40, Maybe: &n, Yes: true, At: at, Ended: &later, Raw: []byte{0, 255}},
		{Raw: []byte{}, At: later},
		{Text: "'\"{,}\\", At: at},
	}
	want := []any{
		[]string{rows[0].Text, "", rows[2].Text}, []int64{-1, 0, 0}, []int64{1 << 40, 0, 0}, []*int64{&n, nil, nil}, []bool{true, false, false},
		[]time.Time{at, later, at}, []*time.Time{&later, nil, nil}, [][]byte{{0, 255}, {}, nil},
	}
	types := []uint32{pgtype.TextArrayOID, pgtype.Int8ArrayOID, pgtype.Int8ArrayOID, pgtype.Int8ArrayOID, pgtype.BoolArrayOID, pgtype.TimestamptzArrayOID, pgtype.TimestamptzArrayOID, pgtype.ByteaArrayOID}
	m := pgtype.NewMap()
	takeColumns(m)
	columns := shapeOf[oneOfEach]().columns(reflect.ValueOf(rows))
	for n, column := range columns {
		ours, err := m.Encode(types[n], pgtype.BinaryFormatCode, column, []byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := m.Encode(types[n], pgtype.BinaryFormatCode, want[n], []byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ours, theirs) {
			t.Errorf("column %d is\n%x, want\n%x", n, ours, theirs)
		}
	}
}
