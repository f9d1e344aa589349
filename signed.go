package tagout

// SignedSource is a source whose sender may sign what it posts.
type SignedSource interface {
	Source
	// Signs reports whether a secret is configured: then nothing counts without a signature.
	Signs() bool
	// Verify returns Unauthorized unless the delivery, as it arrived, carries a signature of
	// the secret that is not too old. It reads no further than that takes.
	Verify(in Delivery) error
}
