package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// version is set by the build.
var version = "dev"

// newRoot makes the tree of commands for one run.
func newRoot(sh *shell) *cobra.Command {
	root := &cobra.Command{
		Use:           "actnow",
		Short:         "Act Now turns CloudAscent reports into campaigns",
		Long:          "Act Now reads CloudAscent propensity reports, finds the customers in the CRM, scores them,\nand carries cohorts into scheduled e-mail campaigns. It runs on the partner's own machine.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          exactly(0, "a command"),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().BoolVar(&sh.json, "json", false, "print JSON")
	root.CompletionOptions.HiddenDefaultCmd = true
	addOptions(root)
	root.AddCommand(
		newServeCommand(sh), newDemoCommand(sh),
		newImportCommand(sh), newFetchCommand(sh), newMatchCommand(sh), newScoreCommand(sh),
		newCohortCommand(sh), newCampaignCommand(sh), newHookCommand(sh), newReportCommand(sh),
		newUserCommand(sh), newConnectionCommand(sh),
		newBackupCommand(sh), newRestoreCommand(sh), newDoctorCommand(sh),
		newConfigCommand(sh), newVersionCommand(sh),
	)
	refuseUnknown(root)
	shortenHelp(root)
	return root
}

// shortenHelp leaves the settings of the daemon out of the help of commands that are
// used every day, where they would bury a command's own flags. The help of actnow itself,
// of the daemon and of what looks at its settings has them all.
func shortenHelp(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		whole := slices.Contains([]string{"actnow", "serve", "demo", "doctor", "config"}, c.Name()) || c.HasParent() && c.Parent().Name() == "config"
		if !whole {
			c.InheritedFlags().VisitAll(func(f *pflag.Flag) {
				f.Hidden = !slices.Contains([]string{"data-dir", "config", "json"}, f.Name)
			})
		}
		help(c, args)
		if !whole {
			fmt.Fprintln(c.OutOrStdout(), "\nThe settings of the daemon are flags as well: see actnow --help.")
		}
	})
}

// refuseUnknown makes a group of commands refuse a word that is none of them as
// a usage error, with a suggestion, and no word at all: nothing would be done.
func refuseUnknown(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		refuseUnknown(c)
	}
	if !cmd.HasSubCommands() {
		return
	}
	help := cmd.RunE
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			if help != nil {
				return help(c, args)
			}
			var names []string
			for _, sub := range c.Commands() {
				names = append(names, sub.Name())
			}
			return usageError{fmt.Errorf("%s wants a command: it is one of %s", c.CommandPath(), oneOf(names))}
		}
		if s := c.SuggestionsFor(args[0]); len(s) > 0 {
			return usageError{fmt.Errorf("%q is no command of %s; did you mean %s?", args[0], c.CommandPath(), s[0])}
		}
		return usageError{fmt.Errorf("%q is no command of %s", args[0], c.CommandPath())}
	}
}

func newVersionCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version", Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			goVersion := ""
			if info, ok := debug.ReadBuildInfo(); ok {
				goVersion = info.GoVersion
			}
			return sh.print(map[string]string{"version": version, "go": goVersion}, func(w io.Writer) {
				fmt.Fprintf(w, "actnow %s (%s)\n", version, goVersion)
			})
		},
	}
}

// number reads a key from the command line.
func number[T ~int64](s, what string) (T, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, usageError{fmt.Errorf("%q is no number of a %s", s, what)}
	}
	return T(n), nil
}

func unmarshal(b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("read stored result: %w", err)
	}
	return nil
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// choice refuses a value that is not among those that may be.
func choice[T ~string](value T, flag string, all []T) error {
	for _, a := range all {
		if value == a {
			return nil
		}
	}
	return usageError{fmt.Errorf("--%s %q: it is one of %s", flag, value, oneOf(all))}
}

// chosen is what a flag that may be left out chooses: one of all, or if it is left out
// nil, which means all.
func chosen[T ~string](value T, flag string, all []T) ([]T, error) {
	if value == "" {
		return nil, nil
	}
	return []T{value}, choice(value, flag, all)
}

// oneOf lists values that may be chosen.
func oneOf[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, a := range all {
		words[i] = string(a)
	}
	return strings.Join(words, ", ")
}
