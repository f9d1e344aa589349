package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
)

// storedFile is a file on its way in, or shared.
type storedFile struct {
	File
	length   int
	body     []byte
	uploaded bool
	complete bool
}

func (s *Sandbox) filesGetUploadURL(c *call) (obj, error) {
	if err := c.need("filename", "length"); err != nil {
		return nil, err
	}
	length, err := c.number("length", 0)
	if err != nil || length == 0 {
		return nil, failWith("invalid_arguments", "[ERROR] length must be more than 0")
	}
	if length > maxBody {
		return nil, fail("file_upload_size_restricted")
	}
	id := newID("F")
	kind := mime.TypeByExtension(path.Ext(c.arg("filename")))
	orDefault(&kind, "application/octet-stream")
	s.files[id] = &storedFile{
		File: File{
			ID: id, Name: c.arg("filename"), Title: c.arg("filename"), Mimetype: kind, Size: length,
			URL: s.baseLocked() + "/files/" + id, AltText: c.arg("alt_txt"),
		},
		length: length,
	}
	return obj{"upload_url": s.baseLocked() + "/upload/" + id, "file_id": id}, nil
}

// serveUpload takes the bytes of a file, raw or as the part "file" of a form.
func (s *Sandbox) serveUpload(w http.ResponseWriter, r *http.Request) {
	if s.isDown() {
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	}
	body, err := uploadedBytes(r)
	if err != nil {
		http.Error(w, "the upload cannot be read", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	f := s.files[r.PathValue("id")]
	ok := f != nil && !f.complete && len(body) == f.length
	if ok {
		f.body, f.uploaded = body, true
	}
	s.mu.Unlock()
	if !ok {
		http.Error(w, "no such upload, or its length differs from the announced one", http.StatusBadRequest)
		return
	}
	_, _ = fmt.Fprintf(w, "OK - %d", len(body))
}

func uploadedBytes(r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody+(1<<16))
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return io.ReadAll(r.Body)
	}
	if err := r.ParseMultipartForm(maxBody); err != nil {
		return nil, err
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	for _, headers := range r.MultipartForm.File {
		part, err := headers[0].Open()
		if err != nil {
			return nil, err
		}
		defer func() { _ = part.Close() }()
		return io.ReadAll(part)
	}
	return nil, http.ErrMissingFile
}

func (s *Sandbox) filesCompleteUpload(c *call) (obj, error) {
	var wanted []struct{ ID, Title string }
	if json.Unmarshal([]byte(c.arg("files")), &wanted) != nil || len(wanted) == 0 {
		return nil, failWith("invalid_arguments", "[ERROR] missing required field: files")
	}
	files := []File{}
	for _, w := range wanted {
		f := s.files[w.ID]
		switch {
		case f == nil || !f.uploaded:
			return nil, fail("file_not_found")
		case f.complete:
			return nil, fail("file_update_failed")
		}
		if w.Title != "" {
			f.Title = w.Title
		}
		files = append(files, f.File)
	}
	channel := c.arg("channel_id")
	orDefault(&channel, c.arg("channels"))
	if err := s.shareFilesLocked(c, channel, files); err != nil {
		return nil, err
	}
	for _, f := range files {
		s.files[f.ID].complete = true
	}
	return obj{"files": files}, nil
}

// shareFilesLocked posts files to a channel; no channel keeps them private.
func (s *Sandbox) shareFilesLocked(c *call, channel string, files []File) error {
	if channel == "" {
		return nil
	}
	ch, err := s.joinedChannelLocked(&call{args: map[string]string{"channel": channel}})
	if err != nil {
		return err
	}
	in := content{text: c.arg("initial_comment")}
	if raw := c.arg("blocks"); raw != "" && in.text == "" {
		if in.blocks, err = s.checkBlocksLocked(json.RawMessage(raw)); err != nil {
			return err
		}
	}
	m := s.botMessageLocked(ch.ID, in)
	m.Files, m.ThreadTS = files, c.arg("thread_ts")
	s.postLocked(m)
	return nil
}

func (s *Sandbox) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.files[r.PathValue("id")]
	var body []byte
	kind, name := "", ""
	if f != nil {
		body, kind, name = f.body, f.Mimetype, f.Name
	}
	s.mu.Unlock()
	if body == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "sandbox")
	if !strings.HasPrefix(kind, "image/") {
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	}
	_, _ = w.Write(body)
}

// missingFilesLocked names image blocks whose slack_file does not exist.
func (s *Sandbox) missingFilesLocked(blocks []obj) []Problem {
	var out []Problem
	for i, b := range blocks {
		ref := sub(b, "slack_file")
		if ref == nil {
			continue
		}
		id := str(ref, "id")
		orDefault(&id, path.Base(str(ref, "url")))
		if f := s.files[id]; f == nil || !f.complete {
			out = append(out, Problem{Path: fmt.Sprintf("/blocks/%d/slack_file", i), Message: "invalid slack file"})
		}
	}
	return out
}
