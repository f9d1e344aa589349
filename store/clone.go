package store

import (
	"reflect"
	"sync"

	"tagout"
)

// Copy is a deep copy of an incident.
func Copy(i *tagout.Incident) *tagout.Incident {
	copied := clone(*i)
	return &copied
}

// clone is a deep copy of v: nothing that its pointers, slices and maps lead to is shared.
// Structs with unexported fields, such as time.Time, are copied as values.
func clone[T any](v T) T {
	copied := v
	copyInto(reflect.ValueOf(&copied).Elem(), reflect.ValueOf(&v).Elem())
	return copied
}

// leads tells by type whether a value leads to others that a copy must not share.
var leads sync.Map // of reflect.Type to bool

func leadsOn(t reflect.Type) bool {
	if known, ok := leads.Load(t); ok {
		return known.(bool)
	}
	on := false
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		on = true
	case reflect.Struct:
		for n := range t.NumField() {
			on = on || t.Field(n).IsExported() && leadsOn(t.Field(n).Type)
		}
	}
	leads.Store(t, on)
	return on
}

// copyInto makes a copy deep that is a plain one so far.
func copyInto(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			to.Elem().Set(from.Elem())
			copyInto(to.Elem(), from.Elem())
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
			reflect.Copy(to, from)
			for n := 0; n < from.Len() && leadsOn(from.Type().Elem()); n++ {
				copyInto(to.Index(n), from.Index(n))
			}
		}
	case reflect.Map:
		if !from.IsNil() {
			copyMap(to, from)
		}
	case reflect.Struct:
		for _, n := range leadingFields(from.Type()) {
			copyInto(to.Field(n), from.Field(n))
		}
	}
}

func copyMap(to, from reflect.Value) {
	to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
	deep := leadsOn(from.Type().Elem())
	for each := from.MapRange(); each.Next(); {
		if !deep {
			to.SetMapIndex(each.Key(), each.Value())
			continue
		}
		value := reflect.New(from.Type().Elem()).Elem()
		value.Set(each.Value())
		copyInto(value, each.Value())
		to.SetMapIndex(each.Key(), value)
	}
}

// leading are, by type, the fields that lead on.
var leading sync.Map // of reflect.Type to []int

func leadingFields(t reflect.Type) []int {
	if known, ok := leading.Load(t); ok {
		return known.([]int)
	}
	var fields []int
	for n := range t.NumField() {
		if t.Field(n).IsExported() && leadsOn(t.Field(n).Type) {
			fields = append(fields, n)
		}
	}
	leading.Store(t, fields)
	return fields
}
