package main

import (
	"strings"
	"testing"
)

const heard = `{"Action":"output","Package":"tagout/gate","Test":"TestQuick","Output":"    quick_test.go:7: nobody wants to know\n"}
{"Action":"output","Package":"tagout/gate","Test":"TestBroken","Output":"=== RUN   TestBroken\n"}
{"Action":"output","Package":"tagout/gate","Test":"TestBroken","Output":"    broken_test.go:3: the agent runs\n"}
{"Action":"output","Package":"tagout/gate","Test":"TestHangs","Output":"    hangs_test.go:9: still waiting\n"}
{"Action":"pass","Package":"tagout/gate","Test":"TestQuick","Elapsed":0.5}
{"Action":"fail","Package":"tagout/gate","Test":"TestBroken","Elapsed":2.25}
{"Action":"output","Package":"tagout/gate","Output":"FAIL\ttagout/gate\t3s\n"}
{"Action":"fail","Package":"tagout/gate","Elapsed":3}
not JSON
{"Action":"output","Package":"tagout","Output":"PASS\n"}
{"Action":"output","Package":"tagout","Output":"ok  \ttagout\t1s\n"}
{"Action":"pass","Package":"tagout","Elapsed":1}
`

func TestFailuresAndTheSlowestAreTold(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := tell(strings.NewReader(heard), &out); err != nil {
		t.Fatal(err)
	}
	const want = `    broken_test.go:3: the agent runs
FAIL	tagout/gate	3s
    hangs_test.go:9: still waiting
not JSON
ok  	tagout	1s
the slowest tests:
    2.25s  gate TestBroken
    0.50s  gate TestQuick
`
	if out.String() != want {
		t.Errorf("told\n%s\nwant\n%s", out.String(), want)
	}
}

func TestOnlyTheSlowestAreNamed(t *testing.T) {
	t.Parallel()
	var in, out strings.Builder
	for n := range shown + 5 {
		in.WriteString(`{"Action":"pass","Package":"tagout","Test":"Test` + string(rune('A'+n)) + `","Elapsed":1}` + "\n")
	}
	if err := tell(strings.NewReader(in.String()), &out); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "\n"); got != shown+1 {
		t.Errorf("%d lines, want a title and %d tests\n%s", got, shown, out.String())
	}
}
