package insights

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// FileStore knows the files that were fetched.
type FileStore interface {
	// FetchedInUse returns the names of the files that current snapshots were made of.
	FetchedInUse(ctx context.Context) (map[string]bool, error)
	// ForgetFetched notes that the files of these names are no longer kept.
	ForgetFetched(ctx context.Context, names []string) error
}

// Prune deletes the files in dir that were written before a time, unless a current
// snapshot was made of them. Safe to repeat; a folder that is not there has none.
func Prune(ctx context.Context, store FileStore, dir string, before time.Time) error {
	files, err := Files(dir)
	if err != nil {
		return err
	}
	inUse, err := store.FetchedInUse(ctx)
	if err != nil {
		return fmt.Errorf("prune fetched files: %w", err)
	}
	var gone []string
	var failed error
	for _, f := range files {
		if inUse[f.Name()] || !f.ModTime().Before(before) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, fmt.Errorf("prune fetched files: %w", err))
			continue
		}
		gone = append(gone, f.Name())
	}
	if len(gone) > 0 {
		failed = errors.Join(failed, store.ForgetFetched(ctx, gone))
	}
	return failed
}

// Files returns the fetched files in dir, by name; one that is not there has none.
func Files(dir string) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("fetched files: %w", err)
	}
	var list []fs.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue // gone meanwhile, no file, or half-written
		}
		list = append(list, info)
	}
	return list, nil
}
