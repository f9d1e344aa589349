package sandbox

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

// pagePolicy lets the page load nothing but what the sandbox itself serves.
const pagePolicy = "default-src 'self'; img-src 'self' data:; style-src 'self'; connect-src 'self'; " +
	"frame-ancestors 'self'; base-uri 'none'; form-action 'none'; object-src 'none'"

// pageTypes names the content type of every kind of file in the page, so that
// nothing depends on the MIME tables of the machine.
var pageTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// pageFile is one embedded file with what its response headers need.
type pageFile struct {
	body        []byte
	contentType string
	etag        string
}

// pageHandler serves the browser page: `/` is index.html, every other path is
// the file of that name. Unknown paths are 404, methods other than GET and
// HEAD are 405.
func pageHandler() http.Handler {
	files := loadPage(pageFiles)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the page can only be read", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == "" {
			name = "index.html"
		}
		file, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		writePage(w, r, name, file)
	})
}

// writePage answers with one file and the headers that keep the page to itself.
func writePage(w http.ResponseWriter, r *http.Request, name string, file pageFile) {
	h := w.Header()
	h.Set("Content-Type", file.contentType)
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", file.etag)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.body))
}

// loadPage reads the embedded files once, keyed by their path below the page
// folder. A file of an unknown kind is left out rather than served untyped.
func loadPage(source fs.FS) map[string]pageFile {
	files := map[string]pageFile{}
	root, err := fs.Sub(source, "page")
	if err != nil {
		return files
	}
	// An embedded file system cannot fail to be read, so an error only ends the walk.
	_ = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		contentType, known := pageTypes[path.Ext(name)]
		if err != nil || entry.IsDir() || !known {
			return err
		}
		body, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		files[name] = pageFile{body: body, contentType: contentType, etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
		return nil
	})
	return files
}
