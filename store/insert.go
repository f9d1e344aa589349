package store

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm/schema"
)

// columns are the rows of one table, turned by a quarter.
type columns struct {
	table  string
	names  []string
	values []reflect.Value // of each column a slice, such as []string
	rows   int
}

// shape is what the rows of one type have in common.
type shape struct {
	names  []string
	fields []int // of the struct
}

// shapes are found once for each type of row.
var shapes sync.Map // of reflect.Type to shape

// shapeOf takes every field that GORM would write.
func shapeOf(t reflect.Type) shape {
	if known, ok := shapes.Load(t); ok {
		return known.(shape)
	}
	var s shape
	for n := range t.NumField() {
		field := t.Field(n)
		if strings.Contains(field.Tag.Get("gorm"), "->") {
			continue // the database fills it
		}
		s.names = append(s.names, schema.NamingStrategy{}.ColumnName("", field.Name))
		s.fields = append(s.fields, n)
	}
	shapes.Store(t, s)
	return s
}

// columnsOf turns rows by a quarter.
func columnsOf[R schema.Tabler](rows []R) columns {
	var one R
	t := reflect.TypeFor[R]()
	s := shapeOf(t)
	c := columns{table: one.TableName(), names: s.names, values: make([]reflect.Value, len(s.fields)), rows: len(rows)}
	all := reflect.ValueOf(rows)
	for n, field := range s.fields {
		column := reflect.MakeSlice(reflect.SliceOf(t.Field(field).Type), len(rows), len(rows))
		for i := range rows {
			column.Index(i).Set(all.Index(i).Field(field))
		}
		c.values[n] = column
	}
	return c
}

// insert writes rows, all of them in one statement, with an ON CONFLICT clause or "".
func insert[R schema.Tabler](t *tx, rows []R, conflict string) error {
	if len(rows) == 0 {
		return nil
	}
	return t.sql.insert(columnsOf(rows), conflict)
}

// replace is an ON CONFLICT clause on the key that writes all other columns but those to
// leave as they are.
func replace[R schema.Tabler](key, leave []string) string {
	var set []string
	for _, name := range columnsOf[R](nil).names {
		if !slices.Contains(key, name) && !slices.Contains(leave, name) {
			set = append(set, name+" = excluded."+name)
		}
	}
	return "ON CONFLICT (" + strings.Join(key, ", ") + ") DO UPDATE SET " + strings.Join(set, ", ")
}

// insert gathers the statement for the next flush. It passes whole columns, so that the
// statement is the same however many rows there are, and is planned once.
func (t postgresTx) insert(c columns, conflict string) error {
	arrays, values := make([]string, len(c.names)), make([]any, len(c.names))
	for n, column := range c.values {
		arrays[n], values[n] = fmt.Sprintf("$%d::%s[]", n+1, postgresType(column.Type().Elem())), column.Interface()
	}
	t.pending.Queue("INSERT INTO "+c.table+" ("+strings.Join(c.names, ", ")+") SELECT * FROM unnest("+strings.Join(arrays, ", ")+") "+conflict, values...)
	return nil
}

func postgresType(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "timestamptz"
	case t == reflect.TypeFor[[]byte]():
		return "bytea"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.String:
		return "text"
	}
	return "bigint"
}

// insert keeps below the number of parameters that SQLite takes.
func (t sqliteTx) insert(c columns, conflict string) error {
	tuple := "(?" + strings.Repeat(", ?", len(c.names)-1) + ")"
	for from := 0; from < c.rows; from += batchSize {
		to := min(from+batchSize, c.rows)
		values := make([]any, 0, (to-from)*len(c.names))
		for row := from; row < to; row++ {
			for _, column := range c.values {
				values = append(values, column.Index(row).Interface())
			}
		}
		tuples := tuple + strings.Repeat(", "+tuple, to-from-1)
		_, err := t.tx.ExecContext(t.ctx, "INSERT INTO "+c.table+" ("+strings.Join(c.names, ", ")+") VALUES "+tuples+" "+conflict, values...)
		if err != nil {
			return err
		}
	}
	return nil
}
