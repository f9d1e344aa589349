// Command dier passes two crash points three times, saying so.
package main

import (
	"fmt"

	"tagout/internal/crashpoint"
)

func main() {
	for pass := 1; pass <= 3; pass++ {
		fmt.Println("one", pass)
		crashpoint.Here("one")
		fmt.Println("two", pass)
		crashpoint.Here("two")
	}
	fmt.Println("alive")
}
