// Package pebble is the Pebble template language for Go.
package pebble
