package trial

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/secret"
	"latchkey/internal/simulator"
)

// pretended gives the document with every secret replaced by one that the simulator takes.
func pretended(document *destination.Document) (*destination.Document, error) {
	secrets := document.Secrets()
	for key := range maps.Keys(secrets) {
		switch {
		case strings.HasSuffix(key, "#number"):
			secrets[key] = secret.New("12345")
		case strings.HasSuffix(key, "#boolean"):
			secrets[key] = secret.New("true")
		default:
			secrets[key] = secret.New(simulator.SampleClientSecret)
		}
	}
	out, err := destination.ParseJSONSealed(document.JSON(), secrets)
	if err != nil {
		return nil, fmt.Errorf("making a pretended document: %w", err)
	}
	return out, nil
}

// entered gives what a customer would enter, with samples for what nobody did.
func entered(plan *destination.Plan, values map[string]any) (destination.Fields, error) {
	in := map[string]any{}
	for _, p := range plan.Prompts() {
		if value, ok := values[p.Name]; ok {
			in[p.Name] = value
			continue
		}
		value, err := sample(plan, p)
		if err != nil {
			return destination.Fields{}, err
		}
		if value != nil {
			in[p.Name] = value
		}
	}
	fields, problems := plan.CheckFields(in)
	if len(problems) > 0 {
		return destination.Fields{}, problems
	}
	return fields, nil
}

// sample makes something up that the prompt takes; nil where nothing is needed.
func sample(plan *destination.Plan, p destination.Prompt) (any, error) {
	switch {
	case !p.Required || p.Default != nil:
		return nil, nil
	case len(p.Enum) > 0:
		return p.Enum[0].Value, nil
	case p.Type == destination.BooleanType:
		return true, nil
	case p.Type == destination.IntegerType:
		return 1, nil
	case p.Type == destination.ObjectType:
		return map[string]any{}, nil
	case p.Secret && plan.Assertion() != nil && strings.Contains(strings.ToLower(p.Name), "key"):
		return privateKey(plan.Assertion().Algorithm)
	case p.Name == "username":
		return simulator.SampleUser, nil
	case p.Name == "password":
		return simulator.SamplePassword, nil
	case p.Name == "clientId":
		return simulator.SampleClientID, nil
	case p.Secret:
		return simulator.SampleClientSecret, nil
	}
	if pattern, err := destination.WholeMatch(p.Pattern); p.Pattern != "" && err == nil {
		for _, guess := range []string{"sample", "sample-1", "Sample", "1", "12345", "a", "https://sample.example.com", "sample.example.com", "sample@example.com", "eu", "us"} {
			if pattern.MatchString(guess) {
				return guess, nil
			}
		}
		return nil, nil // its problem asks for one
	}
	return "sample", nil
}

// privateKey makes a key that nobody keeps.
func privateKey(algorithm string) (string, error) {
	var key any
	var err error
	if algorithm == "ES256" {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		return "", fmt.Errorf("making a key to sign with: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("encoding a key to sign with: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}
