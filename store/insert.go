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

// shape is what the rows of one type have in common.
type shape struct {
	table  string
	names  []string // of the columns that GORM would write
	fields []int    // of the struct, by column
	types  []reflect.Type
}

// shapes are found once for each type of row.
var shapes sync.Map // of reflect.Type to *shape

// shapeOf takes every field that GORM would write.
func shapeOf[R schema.Tabler]() *shape {
	t := reflect.TypeFor[R]()
	if known, ok := shapes.Load(t); ok {
		return known.(*shape)
	}
	var one R
	s := &shape{table: one.TableName()}
	for n := range t.NumField() {
		field := t.Field(n)
		if strings.Contains(field.Tag.Get("gorm"), "->") {
			continue // the database fills it
		}
		s.names = append(s.names, schema.NamingStrategy{}.ColumnName("", field.Name))
		s.fields, s.types = append(s.fields, n), append(s.types, field.Type)
	}
	shapes.Store(t, s)
	return s
}

// insert writes rows, all of them in one statement, with an ON CONFLICT clause or "".
func insert[R schema.Tabler](t *tx, rows []R, conflict string) error {
	if len(rows) == 0 {
		return nil
	}
	return t.sql.insert(shapeOf[R](), reflect.ValueOf(rows), conflict)
}

// replace is an ON CONFLICT clause on the key that writes all other columns but those to
// leave as they are.
func replace[R schema.Tabler](key, leave []string) string {
	var set []string
	for _, name := range shapeOf[R]().names {
		if !slices.Contains(key, name) && !slices.Contains(leave, name) {
			set = append(set, name+" = excluded."+name)
		}
	}
	return "ON CONFLICT (" + strings.Join(key, ", ") + ") DO UPDATE SET " + strings.Join(set, ", ")
}

// insert gathers the statement for the next flush. It passes whole columns, so that the
// statement is the same however many rows there are, and is planned once.
func (t postgresTx) insert(s *shape, rows reflect.Value, conflict string) error {
	t.pending.Queue(s.insertion(conflict), s.columns(rows)...)
	return nil
}

// insertions are the statements that insert, made once.
var insertions sync.Map // of insertion to string

type insertion struct {
	into     *shape
	conflict string
}

// insertion is the statement that inserts rows of this shape into Postgres. It takes the columns
// apart row by row; those of a FROM would first be kept as tables, a quarter of the work.
func (s *shape) insertion(conflict string) string {
	if known, ok := insertions.Load(insertion{s, conflict}); ok {
		return known.(string)
	}
	columns := make([]string, len(s.names))
	for n, t := range s.types {
		columns[n] = fmt.Sprintf("unnest($%d::%s[])", n+1, postgresType(t))
	}
	text := "INSERT INTO " + s.table + " (" + strings.Join(s.names, ", ") + ") SELECT " + strings.Join(columns, ", ") + " " + conflict
	insertions.Store(insertion{s, conflict}, text)
	return text
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
func (t sqliteTx) insert(s *shape, rows reflect.Value, conflict string) error {
	tuple := "(?" + strings.Repeat(", ?", len(s.names)-1) + ")"
	for from := 0; from < rows.Len(); from += batchSize {
		to := min(from+batchSize, rows.Len())
		values := make([]any, 0, (to-from)*len(s.names))
		for row := from; row < to; row++ {
			for _, field := range s.fields {
				values = append(values, rows.Index(row).Field(field).Interface())
			}
		}
		tuples := tuple + strings.Repeat(", "+tuple, to-from-1)
		_, err := t.tx.ExecContext(t.ctx, "INSERT INTO "+s.table+" ("+strings.Join(s.names, ", ")+") VALUES "+tuples+" "+conflict, values...)
		if err != nil {
			return err
		}
	}
	return nil
}
