package store

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// column is one column of many rows, as an array in the binary form in which Postgres sends
// and takes arrays: dimensions, flags, type, length and lower bound, then each element behind
// its length. pgx makes the same of a slice, at several times the cost, since it looks at
// each element by itself.
type column struct {
	array  []byte
	behind int // bytes of the columns that follow in the same statement
	like   any // an empty slice of what it holds
}

const (
	arrayHeader = 5 * 4
	lengthSize  = 4 // of an element's length
	noValue     = -1
)

// sinceY2K is when Postgres begins to count its microseconds.
var sinceY2K = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// columns turns rows by a quarter.
func (s *shape) columns(rows reflect.Value) []any {
	values, made, behind := make([]any, len(s.fields)), make([]*column, len(s.fields)), 0
	for n := len(s.fields) - 1; n >= 0; n-- {
		made[n] = columnOf(rows, s.fields[n], s.types[n])
		made[n].behind = behind
		behind += len(made[n].array)
		values[n] = made[n]
	}
	return values
}

// columnOf gathers one field of all rows.
func columnOf(rows reflect.Value, field int, t reflect.Type) *column {
	oid, like := elementOf(t)
	size, none := arrayHeader, uint32(0)
	for n := range rows.Len() {
		size += lengthSize + sizeOf(rows.Index(n).Field(field))
	}
	c := &column{like: like, array: make([]byte, arrayHeader, size)}
	for n := range rows.Len() {
		if !c.add(rows.Index(n).Field(field)) {
			none = 1
		}
	}
	head := c.array[:0]
	for _, number := range []uint32{1, none, oid, uint32(rows.Len()), 1} {
		head = binary.BigEndian.AppendUint32(head, number)
	}
	return c
}

// sizeOf is at least how many bytes a value takes.
func sizeOf(v reflect.Value) int {
	switch v.Kind() {
	case reflect.String, reflect.Slice:
		return v.Len()
	}
	return 8
}

// elementOf is what Postgres calls a type, and a slice of its kind.
func elementOf(t reflect.Type) (oid uint32, like any) {
	switch postgresType(t) {
	case "timestamptz":
		return pgtype.TimestamptzOID, []time.Time(nil)
	case "bytea":
		return pgtype.ByteaOID, [][]byte(nil)
	case "boolean":
		return pgtype.BoolOID, []bool(nil)
	case "text":
		return pgtype.TextOID, []string(nil)
	}
	return pgtype.Int8OID, []int64(nil)
}

// add appends a value, and reports whether there is one.
func (c *column) add(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			c.length(noValue)
			return false
		}
		return c.add(v.Elem())
	case reflect.String:
		c.length(v.Len())
		c.array = append(c.array, v.String()...)
	case reflect.Slice:
		if v.IsNil() {
			c.length(noValue)
			return false
		}
		c.length(v.Len())
		c.array = append(c.array, v.Bytes()...)
	case reflect.Bool:
		c.length(1)
		if v.Bool() {
			c.array = append(c.array, 1)
		} else {
			c.array = append(c.array, 0)
		}
	case reflect.Struct:
		c.number(v.Addr().Interface().(*time.Time).UnixMicro() - sinceY2K)
	default:
		c.number(v.Int())
	}
	return true
}

// length begins an element.
func (c *column) length(n int) { c.array = binary.BigEndian.AppendUint32(c.array, uint32(n)) }

func (c *column) number(n int64) {
	c.length(8)
	c.array = binary.BigEndian.AppendUint64(c.array, uint64(n))
}

// takeColumns makes a connection send columns as they are.
func takeColumns(m *pgtype.Map) {
	m.TryWrapEncodePlanFuncs = slices.Insert(slices.Clone(m.TryWrapEncodePlanFuncs), 0, pgtype.TryWrapEncodePlanFunc(asItIs))
}

func asItIs(value any) (pgtype.WrappedEncodePlanNextSetter, any, bool) {
	c, ok := value.(*column)
	if !ok {
		return nil, nil, false
	}
	return sentAsItIs{}, c.like, true
}

// sentAsItIs is how a column is encoded: it is encoded already.
type sentAsItIs struct{}

// SetNext is told how pgx would do it, which is not needed.
func (sentAsItIs) SetNext(pgtype.EncodePlan) {}

// Encode appends a column. With the first one it makes place for all of the statement.
func (sentAsItIs) Encode(value any, to []byte) ([]byte, error) {
	c, ok := value.(*column)
	if !ok {
		return nil, fmt.Errorf("%T is no column", value)
	}
	if cap(to)-len(to) < len(c.array) {
		to = slices.Grow(to, len(c.array)+c.behind)
	}
	return append(to, c.array...), nil
}
