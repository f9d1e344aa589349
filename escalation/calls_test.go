package escalation_test

import (
	"reflect"
	"slices"
	"sync"
	"time"
)

// calls remembers in which order store and gate were used.
type calls struct {
	mu   sync.Mutex
	list []string
}

func (c *calls) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, name)
}

// all is what was called so far.
func (c *calls) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

func (c *calls) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = nil
}

// deepCopy copies everything that v reaches, but the inside of times.
func deepCopy[T any](v T) T {
	unshare(reflect.ValueOf(&v).Elem())
	return v
}

// unshare gives a value that may be set its own copy of all that it reaches.
func unshare(v reflect.Value) {
	switch {
	case flat(v.Type()):
	case v.Kind() == reflect.Struct:
		for n := range v.NumField() {
			if field := v.Field(n); !flat(field.Type()) {
				unshare(field)
			}
		}
	case v.IsNil():
	case v.Kind() == reflect.Pointer:
		own := reflect.New(v.Type().Elem())
		own.Elem().Set(v.Elem())
		unshare(own.Elem())
		v.Set(own)
	case v.Kind() == reflect.Slice:
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		for n := 0; n < own.Len() && !flat(own.Type().Elem()); n++ {
			unshare(own.Index(n))
		}
		v.Set(own)
	default: // a map
		own := reflect.MakeMapWithSize(v.Type(), v.Len())
		for each := v.MapRange(); each.Next(); {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(each.Value())
			unshare(value)
			own.SetMapIndex(each.Key(), value)
		}
		v.Set(own)
	}
}

var knownFlat sync.Map // by type, whether it is flat: most are asked about very often

// flat reports whether a value of a type is copied by assigning it.
func flat(of reflect.Type) bool {
	if is, ok := knownFlat.Load(of); ok {
		return is.(bool)
	}
	is := true
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		is = false
	case reflect.Struct:
		for n := 0; n < of.NumField() && is && of != reflect.TypeFor[time.Time](); n++ {
			is = flat(of.Field(n).Type)
		}
	}
	knownFlat.Store(of, is)
	return is
}
