package storage_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"actnow"
	"actnow/crm"
	"actnow/storage/storagetest"
)

// BenchmarkReceive takes deliveries of 1 KB, from the headers to the disk, with
// 1 and 64 callers, beside the bare write and fdatasync of 4 KiB that one
// durable answer cannot do without.
func BenchmarkReceive(b *testing.B) {
	b.Run("fdatasync", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "anchor"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		page := make([]byte, 4096)
		for b.Loop() {
			if _, err := f.Write(page); err != nil {
				b.Fatal(err)
			}
			if err := syscall.Fdatasync(int(f.Fd())); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			db := storagetest.Open(b)
			_, secret, err := db.AddConnection(b.Context(), actnow.System, crm.NewConnection{Name: "crm", Verifier: "standard"})
			if err != nil {
				b.Fatal(err)
			}
			key, err := crm.SecretKey(secret)
			if err != nil {
				b.Fatal(err)
			}
			r := &crm.Receiver{Store: db, Now: func() time.Time { return storagetest.Now }}
			body := []byte(`{"type":"account.upserted","timestamp":"2026-05-26T10:00:00Z","data":{"id":"A-1","name":"Contoso","note":"` + strings.Repeat("x", 900) + `","version":7}}`)
			var n atomic.Int64
			b.SetBytes(int64(len(body)))
			receive := func() error {
				id := "msg_" + strconv.FormatInt(n.Add(1), 10)
				h := http.Header{"Content-Type": {"application/json"}}
				h.Set("webhook-id", id)
				h.Set("webhook-timestamp", strconv.FormatInt(storagetest.Now.Unix(), 10))
				h.Set("webhook-signature", crm.Sign(key, id, storagetest.Now, body))
				hook, err := db.Hook(context.Background(), "crm")
				if err != nil {
					return err
				}
				_, err = r.Receive(context.Background(), hook, h, bytes.NewReader(body))
				return err
			}
			done := make(chan error, callers)
			b.ResetTimer()
			for c := range callers {
				go func() {
					for i := c; i < b.N; i += callers {
						if err := receive(); err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
			}
			for range callers {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkApply applies changes as an import and the worker do, 500 at a time.
func BenchmarkApply(b *testing.B) {
	db := storagetest.Open(b)
	ctx := b.Context()
	changes := make([]crm.Change, 500)
	for i := range changes {
		changes[i] = crm.Change{Kind: crm.Contact, Op: crm.Upsert, ID: fmt.Sprint("C-", i), Fields: map[string]any{
			"account_id": fmt.Sprint("A-", i), "email": fmt.Sprintf("c%d@contoso.example", i), "given_name": "Anna", "language": "sv"}}
	}
	n := int64(0)
	for b.Loop() {
		n++
		for i := range changes {
			changes[i].Version, changes[i].Fields["title"] = n, fmt.Sprint("CEO ", n)
			changes[i].ModifiedAt = time.Unix(n, 0)
		}
		if _, err := db.ApplyChanges(ctx, crm.FileConnection, changes); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*500)/b.Elapsed().Seconds(), "changes/s")
}
