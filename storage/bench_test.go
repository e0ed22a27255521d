package storage_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"actnow/storage/storagetest"
)

// BenchmarkFdatasync is the anchor: what the disk takes for 4 KiB made durable.
func BenchmarkFdatasync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "anchor"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	for b.Loop() {
		if _, err := f.WriteAt(page, 0); err != nil {
			b.Fatal(err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// BenchmarkCommit is one durable row by one caller, and by 64 that share fsyncs.
func BenchmarkCommit(b *testing.B) {
	for _, bm := range []struct {
		name    string
		callers int
	}{{"alone", 1}, {"64 callers", 64}} {
		b.Run(bm.name, func(b *testing.B) {
			db := storagetest.Open(b)
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			var wg sync.WaitGroup
			for range bm.callers {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if err := db.Ready(context.Background()); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}
