package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed static
var static embed.FS

// bundles are the files that are made of the parts in a folder, in the order of their names.
var bundles = map[string]string{"console.css": "static/css", "console.js": "static/js"}

// assets are the files that pages need, under names that hold a hash of the content: "console.3f2a9c10.css". What has
// such a name never changes, so a browser keeps it for ever.
type assets struct {
	hashed map[string]string // :: file → hashed name
	files  map[string]asset  // :: hashed name → content
}

type asset struct {
	content []byte
	kind    string
}

func newAssets() assets {
	a := assets{hashed: map[string]string{}, files: map[string]asset{}}
	for name, folder := range bundles {
		var whole []byte
		for _, entry := range must(static.ReadDir(folder)) {
			whole = append(whole, must(static.ReadFile(folder+"/"+entry.Name()))...)
		}
		a.add(name, whole)
	}
	for _, entry := range must(static.ReadDir("static")) {
		if !entry.IsDir() {
			a.add(entry.Name(), must(static.ReadFile("static/"+entry.Name())))
		}
	}
	return a
}

// must gives what is embedded.
func must[T any](got T, err error) T {
	if err != nil {
		panic("web: the embedded files are gone: " + err.Error())
	}
	return got
}

func (a assets) add(file string, content []byte) {
	sum := sha256.Sum256(content)
	ext := path.Ext(file)
	name := strings.TrimSuffix(file, ext) + "." + hex.EncodeToString(sum[:4]) + ext
	a.hashed[file] = name
	a.files[name] = asset{content, mime.TypeByExtension(ext)}
}

// path gives where a file is served.
func (a assets) path(file string) string {
	name, ok := a.hashed[file]
	if !ok {
		panic("web: there is no file " + file)
	}
	return "/assets/" + name
}

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := a.files[r.PathValue("name")]
	if !ok {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	file.write(w)
}

func (a assets) favicon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	a.files[a.hashed["key.svg"]].write(w)
}

func (f asset) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(f.content)))
	_, _ = w.Write(f.content)
}
