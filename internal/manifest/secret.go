package manifest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"latchkey/internal/secret"
)

// Reference says where a secret is: "env:NAME", "file:PATH" or "vault:path#field". It is no secret itself.
type Reference string

const (
	referenceForms = "env:NAME, file:PATH or vault:PATH#FIELD"
	referenceFix   = "keep the secret outside of the file and write " + referenceForms + "; if this was a real secret, it is in the file's history: replace it"
	maxSecretBytes = 64 << 10
)

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// check refuses what is no reference, without repeating it.
func (r Reference) check() error {
	scheme, rest, _ := strings.Cut(string(r), ":")
	switch {
	case scheme == "env" && variable.MatchString(rest), scheme == "file" && rest != "":
		return nil
	case scheme == "vault":
		if path, field, ok := strings.Cut(rest, "#"); ok && strings.Contains(strings.Trim(path, "/"), "/") && field != "" {
			return nil
		}
		return errors.New("a secret of Vault is written vault:MOUNT/PATH#FIELD")
	case scheme == "env":
		return errors.New("a secret of the environment is written env:NAME")
	}
	return errors.New("a secret stands here in plain text")
}

// Sources is where secrets come from.
type Sources struct {
	// Getenv reads the environment.
	Getenv func(name string) string
	// Folder is what relative paths of "file:" start at.
	Folder string
	// Client asks Vault; nil is none.
	Client *http.Client
}

// missingSecret is a reference that leads to nothing.
type missingSecret struct{ text, fix string }

func (e *missingSecret) Error() string { return e.text }

// resolve gives the secret that a reference leads to.
func (s Sources) resolve(ctx context.Context, r Reference) (secret.String, error) {
	scheme, rest, _ := strings.Cut(string(r), ":")
	switch scheme {
	case "env":
		value := s.Getenv(rest)
		if value == "" {
			return secret.String{}, &missingSecret{"the variable " + rest + " is not set", "set it in the environment of this command"}
		}
		return secret.New(value), nil
	case "file":
		return s.read(rest)
	}
	return s.vault(ctx, rest)
}

func (s Sources) read(path string) (secret.String, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Folder, path)
	}
	file, err := os.Open(path)
	if err != nil {
		return secret.String{}, &missingSecret{"the file can't be read: " + reason(err), "write the secret into " + path}
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxSecretBytes+1))
	switch {
	case err != nil:
		return secret.String{}, &missingSecret{"the file can't be read: " + reason(err), ""}
	case len(text) > maxSecretBytes:
		return secret.String{}, &missingSecret{fmt.Sprintf("the file has more than %d bytes", maxSecretBytes), "name the file of one secret"}
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if value == "" {
		return secret.String{}, &missingSecret{"the file is empty", "write the secret into " + path}
	}
	return secret.New(value), nil
}

func reason(err error) string {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// vault reads a field of the newest version of a secret of a KV store, version 2: mount/path#field.
func (s Sources) vault(ctx context.Context, rest string) (secret.String, error) {
	path, field, _ := strings.Cut(rest, "#")
	mount, below, _ := strings.Cut(strings.Trim(path, "/"), "/")
	address, token := strings.TrimRight(s.Getenv("VAULT_ADDR"), "/"), s.Getenv("VAULT_TOKEN")
	if address == "" || token == "" {
		return secret.String{}, &missingSecret{"VAULT_ADDR or VAULT_TOKEN is not set", "set both in the environment of this command"}
	}
	if s.Client == nil {
		return secret.String{}, &missingSecret{"Vault can't be asked here", ""}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/v1/"+mount+"/data/"+below, nil)
	if err != nil {
		return secret.String{}, &missingSecret{"VAULT_ADDR is no URL", "write it as https://vault.example.com:8200"}
	}
	r.Header.Set("X-Vault-Token", token)
	r.Header.Set("X-Vault-Request", "true")
	if namespace := s.Getenv("VAULT_NAMESPACE"); namespace != "" {
		r.Header.Set("X-Vault-Namespace", namespace)
	}
	answer, err := s.Client.Do(r)
	if err != nil {
		return secret.String{}, &missingSecret{"Vault does not answer at " + address, "is it running, and unsealed?"}
	}
	defer func() { _ = answer.Body.Close() }()
	return fieldOf(answer, mount+"/"+below, field)
}

// fieldOf reads Vault's answer. Its other fields are nobody's business here.
func fieldOf(answer *http.Response, path, field string) (secret.String, error) {
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusForbidden:
		return secret.String{}, &missingSecret{"Vault refuses to show " + path, "give the token a policy that may read it"}
	case http.StatusNotFound:
		return secret.String{}, &missingSecret{"Vault has nothing at " + path, "look at the mount and the path: vault:MOUNT/PATH#FIELD"}
	default:
		return secret.String{}, &missingSecret{fmt.Sprintf("Vault answered %d", answer.StatusCode), ""}
	}
	var body struct {
		Data struct {
			Data map[string]json.RawMessage `json:"data"`
		} `json:"data"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&body); err != nil {
		return secret.String{}, &missingSecret{"Vault's answer is no JSON", "is VAULT_ADDR the address of a Vault?"}
	}
	var text string
	if raw, ok := body.Data.Data[field]; !ok || json.Unmarshal(raw, &text) != nil || text == "" {
		return secret.String{}, &missingSecret{fmt.Sprintf("%s has no text %q in Vault", path, field), "look at the field's name: vault:MOUNT/PATH#FIELD"}
	}
	return secret.New(text), nil
}
