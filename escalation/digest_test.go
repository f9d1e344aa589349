package escalation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tagout"
)
