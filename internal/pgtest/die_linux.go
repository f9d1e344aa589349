package pgtest

import "syscall"

// dieWithParent asks the kernel to shut Postgres down at once when this process goes,
// even by SIGKILL.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }
