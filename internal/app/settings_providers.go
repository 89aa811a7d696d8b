package app

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"latchkey/internal/provider"
)

// providerHosts is the setting of single providers: in the file host → {rate, concurrency}, in the environment
// HOST=RATE/CONCURRENCY, of which one part may be left out.
func providerHosts(name, doc string) setting {
	return setting{
		name: name, list: true, doc: doc, grow: growHosts,
		set: func(c *Config, values []string) error {
			c.ProviderHosts = map[provider.Host]provider.Limits{}
			for _, value := range values {
				host, limits, ok := strings.Cut(value, "=")
				rate, concurrency, _ := strings.Cut(limits, "/")
				if !ok {
					return fmt.Errorf("%q is not HOST=RATE/CONCURRENCY, such as login.example.com=20/8", value)
				}
				if err := c.limitHost(host, map[string]string{"rate": rate, "concurrency": concurrency}); err != nil {
					return err
				}
			}
			return nil
		},
		show: func(c *Config) string {
			var shown []string
			for _, host := range slices.Sorted(maps.Keys(c.ProviderHosts)) {
				limits := c.ProviderHosts[host]
				rate, concurrency := "", ""
				if limits.Rate > 0 {
					rate = strconv.FormatFloat(limits.Rate, 'f', -1, 64)
				}
				if limits.Concurrency > 0 {
					concurrency = "/" + strconv.Itoa(limits.Concurrency)
				}
				shown = append(shown, string(host)+"="+rate+concurrency)
			}
			return strings.Join(shown, ", ")
		},
	}
}

// limitHost sets the limits of one provider; a text "" leaves one as for all.
func (c *Config) limitHost(host string, texts map[string]string) error {
	known := provider.HostOf("https://" + host)
	if known == "" || strings.ContainsAny(host, "/ ") {
		return fmt.Errorf("%q is not a host, such as login.example.com or login.example.com:8443", host)
	}
	var limits provider.Limits
	var err error
	if text := texts["rate"]; text != "" {
		if limits.Rate, err = parseRate(text); err != nil {
			return err
		}
	}
	if text := texts["concurrency"]; text != "" {
		if limits.Concurrency, err = strconv.Atoi(text); err != nil || limits.Concurrency < 1 {
			return fmt.Errorf("concurrency: %q is not a whole number above 0", text)
		}
	}
	c.ProviderHosts[known] = limits
	return nil
}

// growHosts reads the setting from the file.
func growHosts(c *Config, path, name string, node ast.Node) error {
	c.ProviderHosts = map[provider.Host]provider.Limits{}
	return eachPair(path, name, node, func(host string, pair *ast.MappingValueNode) error {
		texts := map[string]string{}
		err := eachPair(path, name+"."+host, pair.Value, func(member string, pair *ast.MappingValueNode) error {
			full := name + "." + host + "." + member
			members := []string{"rate", "concurrency"}
			if !slices.Contains(members, member) {
				return &ConfigError{Setting: full, Where: place(path, pair.Key), Problem: "is not a setting", Fix: didYouMean(member, members)}
			}
			values, err := scalars(pair.Value, false)
			if err != nil {
				return &ConfigError{Setting: full, Where: place(path, pair.Value), Problem: err.Error()}
			}
			texts[member] = strings.Join(values, "")
			return nil
		})
		if err != nil {
			return err
		}
		if err := c.limitHost(host, texts); err != nil {
			return &ConfigError{Setting: name + "." + host, Where: place(path, pair.Key), Problem: err.Error()}
		}
		return nil
	})
}

// eachPair calls each with the pairs of a mapping.
func eachPair(path, name string, node ast.Node, each func(key string, pair *ast.MappingValueNode) error) error {
	pairs, ok := mapping(node)
	if !ok {
		return &ConfigError{Setting: name, Where: place(path, node), Problem: "expected settings, as key: value"}
	}
	for _, pair := range pairs {
		key := pair.Key.String()
		if text, ok := pair.Key.(*ast.StringNode); ok {
			key = text.Value
		}
		if err := each(key, pair); err != nil {
			return err
		}
	}
	return nil
}

// rate is a setting in calls a second.
func rate(name, fallback, doc string, at func(*Config) *float64) setting {
	return setting{name: name, fallback: fallback, doc: doc,
		show: func(c *Config) string { return strconv.FormatFloat(*at(c), 'f', -1, 64) },
		set: func(c *Config, v []string) (err error) {
			*at(c), err = parseRate(strings.Join(v, ""))
			return err
		}}
}

func parseRate(text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n <= 0 || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, fmt.Errorf("rate: %q is not a number above 0: calls a second, such as 200 or 0.5", text)
	}
	return n, nil
}
