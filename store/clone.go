package store

import (
	"reflect"

	"tagout"
)

// Copy is a deep copy of an incident.
func Copy(i *tagout.Incident) *tagout.Incident { return clone(i) }

// clone is a deep copy of v: nothing that its pointers, slices and maps lead to is shared.
// Structs with unexported fields, such as time.Time, are copied as values.
func clone[T any](v T) T {
	copied := reflect.New(reflect.TypeFor[T]()).Elem()
	copyInto(copied, reflect.ValueOf(&v).Elem())
	return copied.Interface().(T)
}

func copyInto(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			copyInto(to.Elem(), from.Elem())
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
			for n := range from.Len() {
				copyInto(to.Index(n), from.Index(n))
			}
		}
	case reflect.Map:
		if !from.IsNil() {
			to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
			for each := from.MapRange(); each.Next(); {
				value := reflect.New(from.Type().Elem()).Elem()
				copyInto(value, each.Value())
				to.SetMapIndex(each.Key(), value)
			}
		}
	case reflect.Struct:
		to.Set(from)
		for n := range from.NumField() {
			if from.Type().Field(n).IsExported() {
				copyInto(to.Field(n), from.Field(n))
			}
		}
	default:
		to.Set(from)
	}
}
