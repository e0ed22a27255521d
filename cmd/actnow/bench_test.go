package main

import (
	"io"
	"log/slog"
	"path/filepath"
	"testing"
)

// BenchmarkSeed is what the demo does before it prints its link: 18 reports, a
// CRM, matching and scoring of 1,200 customers.
func BenchmarkSeed(b *testing.B) {
	for b.Loop() {
		cfg := config{}
		for _, o := range options {
			cfg[o.name] = setting{option: o, value: o.fallback}
		}
		cfg["data-dir"] = setting{value: filepath.Join(b.TempDir(), "data")}
		a, err := openApp(b.Context(), cfg, newLog(io.Discard, slog.LevelError))
		if err != nil {
			b.Fatal(err)
		}
		if err := a.seed(b.Context(), func(string) {}); err != nil {
			b.Fatal(err)
		}
		if err := a.close(); err != nil {
			b.Fatal(err)
		}
	}
}
