package seal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"latchkey/internal/secret"
)

// VaultConfig says which key of Vault's Transit engine is the root key. OpenBao's is the same.
type VaultConfig struct {
	// Address is https://host:port. Plain http is for this machine's own agent alone.
	Address string
	// Namespace is the enterprise's; "" for none.
	Namespace string
	// Mount is where the engine is; Key is the key's name. It MUST be derived: that binds each data key to its
	// organization.
	Mount, Key string
	// TokenFile holds the token; it is read anew for each call, so that an agent may renew it. Token is used when
	// there is no file.
	TokenFile string
	Token     secret.String
	// CAFile holds further authorities to trust, in PEM.
	CAFile string
}

// vaultRoot is a key in Vault. It never leaves there: each data key travels to be wrapped and unwrapped.
type vaultRoot struct {
	config VaultConfig
	id     string
	caller *vaultCaller
}

var (
	_ Root      = (*vaultRoot)(nil)
	_ Wrapper   = (*vaultRoot)(nil)
	_ Rewrapper = (*vaultRoot)(nil)
)

// VaultRoot gives a root key in Vault's Transit engine.
func VaultRoot(config VaultConfig) (Root, error) {
	caller, err := newVaultCaller(config)
	if err != nil {
		return nil, err
	}
	// The address is left out: a Vault that moves keeps its keys.
	sum := sha256.Sum256([]byte("latchkey vault key\x00" + config.Namespace + "\x00" + config.Mount + "\x00" + config.Key))
	return &vaultRoot{config: config, id: "vault_" + hex.EncodeToString(sum[:8]), caller: caller}, nil
}

// parseVault reads vault://HOST[:PORT]/MOUNT/keys/KEY?namespace=…&token_file=…&token_env=…&ca_file=…, and vault+http://
// for plain http.
func parseVault(u *url.URL, getenv func(string) string) (Root, error) {
	config := VaultConfig{Address: "https://" + u.Host}
	if u.Scheme == "vault+http" {
		config.Address = "http://" + u.Host
	}
	mount, key, ok := strings.Cut(strings.Trim(u.Path, "/"), "/keys/")
	if u.Host == "" || !ok || mount == "" || key == "" || strings.Contains(key, "/") {
		return nil, errors.New("write it as vault://HOST:8200/transit/keys/NAME: the host, where the engine is mounted, the key")
	}
	if u.User != nil {
		return nil, errors.New("a token does not belong into the URL: name a file with ?token_file=, or a variable with ?token_env=")
	}
	config.Mount, config.Key = mount, key
	variable := "VAULT_TOKEN"
	for name, values := range u.Query() {
		switch name {
		case "namespace":
			config.Namespace = values[0]
		case "token_file":
			config.TokenFile = values[0]
		case "token_env":
			variable = values[0]
		case "ca_file":
			config.CAFile = values[0]
		case "token":
			return nil, errors.New("a token does not belong into the URL: name a file with token_file=, or a variable with token_env=")
		default:
			return nil, fmt.Errorf("%q is no parameter of it: there are namespace, token_file, token_env and ca_file", name)
		}
	}
	if config.TokenFile == "" {
		if config.Token = secret.New(getenv(variable)); config.Token.Empty() {
			return nil, fmt.Errorf("there is no token for Vault: name a file with ?token_file=, or set $%s", variable)
		}
	}
	return VaultRoot(config)
}

// Open asks Vault for the key, so that what is wrong with the address, the token or the key comes out at the start.
func (v *vaultRoot) Open(ctx context.Context, _ []RootKey) (Opened, error) {
	var key struct {
		Derived            bool `json:"derived"`
		SupportsEncryption bool `json:"supports_encryption"`
		SupportsDecryption bool `json:"supports_decryption"`
	}
	if err := v.caller.call(ctx, "GET", "keys", nil, &key); err != nil {
		return Opened{}, err
	}
	if !key.SupportsEncryption || !key.SupportsDecryption {
		return Opened{}, fmt.Errorf("vault's key %s does not encrypt and decrypt: it is of another type", v.config.Key)
	}
	if !key.Derived {
		return Opened{}, fmt.Errorf("vault's key %s is not derived, so that it can't bind a data key to its organization; make one with: vault write -f %s/keys/NAME derived=true",
			v.config.Key, v.config.Mount)
	}
	return Opened{Wrapper: v, Kind: KindVault}, nil
}

// KeyID names the key by its namespace, mount and name.
func (v *vaultRoot) KeyID() string { return v.id }

// Wrap lets Vault encrypt a data key with a key that it derives for the place.
func (v *vaultRoot) Wrap(ctx context.Context, key, associated []byte) ([]byte, error) {
	plain := base64.StdEncoding.EncodeToString(key)
	return v.ciphertext(ctx, "encrypt", map[string]string{"plaintext": plain, "context": encodeContext(associated)})
}

// Rewrap moves a wrapped data key to the newest version of the key, inside Vault.
func (v *vaultRoot) Rewrap(ctx context.Context, wrapped, associated []byte) ([]byte, error) {
	return v.ciphertext(ctx, "rewrap", map[string]string{"ciphertext": string(wrapped), "context": encodeContext(associated)})
}

func (v *vaultRoot) ciphertext(ctx context.Context, act string, ask map[string]string) ([]byte, error) {
	var answer struct {
		Ciphertext string `json:"ciphertext"`
	}
	if err := v.caller.call(ctx, "POST", act, ask, &answer); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(answer.Ciphertext, "vault:v") {
		return nil, errors.New("vault's answer holds no ciphertext")
	}
	return []byte(answer.Ciphertext), nil
}

// Unwrap lets Vault decrypt.
func (v *vaultRoot) Unwrap(ctx context.Context, wrapped, associated []byte) ([]byte, error) {
	var answer struct {
		Plaintext string `json:"plaintext"`
	}
	ask := map[string]string{"ciphertext": string(wrapped), "context": encodeContext(associated)}
	if err := v.caller.call(ctx, "POST", "decrypt", ask, &answer); err != nil {
		return nil, err
	}
	plain, err := base64.StdEncoding.DecodeString(answer.Plaintext)
	if err != nil || len(plain) == 0 {
		return nil, errors.New("vault's answer holds no plaintext") // not %w: it tells of the plaintext
	}
	return plain, nil
}

func encodeContext(associated []byte) string { return base64.StdEncoding.EncodeToString(associated) }

// token gives the token as it is now.
func (c VaultConfig) token() (string, error) {
	if c.TokenFile == "" {
		return c.Token.Reveal(), nil
	}
	text, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return "", fmt.Errorf("reading vault's token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("reading vault's token: %s is empty", c.TokenFile)
	}
	return token, nil
}
