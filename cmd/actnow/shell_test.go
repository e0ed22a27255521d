package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// busy is a data folder that another command has open, and a command on it. again is
// called when the command looks for the folder once more.
func busy(t *testing.T, ctx context.Context, again func(release func())) (code int, stdout, stderr string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(dir, "actnow.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	tries := 0
	sh := &shell{stdout: &out, stderr: &errs, files: localFiles{}, getenv: func(name string) string {
		if name == "ACTNOW_CONFIG" { // once for each time that the command looks
			if tries++; tries == 2 {
				again(func() { lock.Close() })
			}
		}
		return ""
	}}
	code = execute(ctx, sh, []string{"cohort", "list", "--json", "--data-dir", dir})
	return code, out.String(), errs.String()
}

func TestACommandWaitsForAnother(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := busy(t, t.Context(), func(release func()) { release() })
	if code != 0 || stdout != "[]\n" || stderr != "" {
		t.Errorf("exit code %d, %q, %q; want it done once the folder is free", code, stdout, stderr)
	}
}

func TestAWaitingCommandIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	code, stdout, stderr := busy(t, ctx, func(func()) { interrupt() })
	if code != 1 || stdout != "" || stderr != "actnow: interrupted before it was done: give the command again\n" {
		t.Errorf("exit code %d, %q, %q; want 1 and a sentence", code, stdout, stderr)
	}
}

func TestInterruptedCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	report := filepath.Join(dir, "azure.csv")
	if err := os.WriteFile(report, []byte("CustomerID,AccountName,AzureFit,AzureIntent\n1,A,60,70\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"import", "report", report}, {"match", "run"}, {"score", "run"}, {"backup", filepath.Join(dir, "b.db")}} {
		ctx, interrupt := context.WithCancel(t.Context())
		var out, errs bytes.Buffer
		sh := &shell{stdout: &out, stderr: &errs, files: localFiles{}, getenv: func(name string) string {
			if name == "ACTNOW_CONFIG" {
				interrupt()
			}
			return ""
		}}
		code := execute(ctx, sh, append(args, "--data-dir", filepath.Join(dir, "data")))
		if code != 1 || strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), "interrupted") {
			t.Errorf("actnow %s: exit code %d, %q; want 1 and that it was interrupted", strings.Join(args, " "), code, errs.String())
		}
	}
}
