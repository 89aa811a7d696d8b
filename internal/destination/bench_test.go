package destination_test

import (
	"testing"

	"latchkey/internal/destination"
)

// Clover is the largest of the worked configurations (spec §5.6).
func BenchmarkLint(b *testing.B) {
	d := parse(b, read(b, "worked/clover.json"))
	b.ReportAllocs()
	for b.Loop() {
		if problems := d.Lint(destination.LintOptions{}); problems.HasUnpublishable() {
			b.Fatal(problems)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	d := parse(b, read(b, "worked/clover.json"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Compile(0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseDocument(b *testing.B) {
	text := []byte(read(b, "worked/clover.json"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := destination.ParseDocument(text); err != nil {
			b.Fatal(err)
		}
	}
}
