// Command actnow is the daemon and its tools. See "actnow help".
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs one command in the current folder and returns its exit code: 0 done,
// 1 refused or failed with a sentence on stderr, 2 usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return execute(ctx, &shell{stdout: stdout, stderr: stderr, files: localFiles{}, getenv: os.Getenv, terminal: isTerminal(stderr)}, args)
}
