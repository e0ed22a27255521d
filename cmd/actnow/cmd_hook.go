package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/crm"
)

func newHookCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "hook", Short: "webhooks by which a CRM tells what changed"}
	cmd.AddCommand(newHookAddCommand(sh), newHookListCommand(sh), newHookRotateCommand(sh))
	return cmd
}

func newHookAddCommand(sh *shell) *cobra.Command {
	n := crm.NewConnection{}
	var basis string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "make a hook and show its secret, once", Args: exactly(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choice(n.Verifier, "verifier", slices.Sorted(maps.Keys(crm.Verifiers))); err != nil {
				return err
			}
			n.Name = args[0]
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				c, secret, err := a.db.AddConnection(ctx, commandLine, n)
				if err != nil {
					return err
				}
				if basis != "" {
					if _, err := a.db.SetBasis(ctx, commandLine, c.ID, basis); err != nil {
						return err
					}
				}
				url := a.hookURL(c.Name)
				return sh.print(map[string]string{"url": url, "secret": secret}, func(w io.Writer) {
					fmt.Fprintf(w, "url\t%s\nsecret\t%s\n", url, secret)
					fmt.Fprintln(w, "The secret is not shown again.")
				})
			})
		},
	}
	cmd.Flags().StringVar(&n.Verifier, "verifier", "standard", "how deliveries are signed")
	cmd.Flags().StringVar(&n.Source, "source", "", "CRM whose ids it speaks of (default: crm)")
	cmd.Flags().StringVar(&basis, "basis", "", "lawful basis of contacts that bring none, in words; without one they are not mailed")
	return cmd
}

// hookURL is the address of a connection's hook: the public one if it is set,
// else that of the public listener.
func (a *app) hookURL(name string) string {
	base := a.publicURL()
	if base == "" || a.demo {
		base = "http://" + reachable(a.cfg.get("public-listen"))
	}
	return base + "/v1/hooks/" + name
}

func newHookListCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the hooks with their events by state", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				all, err := a.db.Connections(ctx)
				if err != nil {
					return err
				}
				type hook struct {
					Name     string `json:"name"`
					URL      string `json:"url"`
					Verifier string `json:"verifier"`
					Basis    string `json:"basis"`
					Received int    `json:"received"`
					Done     int    `json:"done"`
					Failed   int    `json:"failed"`
				}
				list := []hook{}
				for _, c := range all {
					if c.ID != crm.FileConnection {
						list = append(list, hook{c.Name, a.hookURL(c.Name), c.Verifier, c.Basis, c.Received, c.Done, c.Failed})
					}
				}
				return sh.print(list, func(w io.Writer) {
					fmt.Fprintln(w, "name\twaiting\tdone\tfailed\turl")
					for _, h := range list {
						fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\n", h.Name, h.Received, h.Done, h.Failed, h.URL)
					}
				})
			})
		},
	}
}

func newHookRotateCommand(sh *shell) *cobra.Command {
	var overlap time.Duration
	cmd := &cobra.Command{
		Use: "rotate NAME", Short: "give a hook a new secret; the old one holds for a while", Args: exactly(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				c, err := a.db.ConnectionByName(ctx, args[0])
				if err != nil {
					return notFound(err, "hook", args[0])
				}
				secret, err := a.db.RotateSecret(ctx, commandLine, c.ID, overlap)
				if err != nil {
					return err
				}
				return sh.print(map[string]string{"url": a.hookURL(c.Name), "secret": secret}, func(w io.Writer) {
					fmt.Fprintf(w, "secret\t%s\n", secret)
				})
			})
		},
	}
	cmd.Flags().DurationVar(&overlap, "overlap", 24*time.Hour, "how long the old secret still holds")
	return cmd
}

func newConnectionCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "connection", Short: "ways in which a CRM reaches Act Now"}
	cmd.AddCommand(&cobra.Command{
		Use: "basis NAME WORDS", Short: "set the lawful basis of contacts that bring none; NAME is file for imports", Args: exactly(2, "NAME WORDS"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				c, err := a.db.ConnectionByName(ctx, args[0])
				if err != nil {
					return notFound(err, "connection", args[0])
				}
				n, err := a.db.SetBasis(ctx, commandLine, c.ID, args[1])
				if err != nil {
					return err
				}
				return sh.print(map[string]int64{"contacts": n}, func(w io.Writer) {
					fmt.Fprintf(w, "contacts that got it\t%d\n", n)
				})
			})
		},
	})
	return cmd
}

// notFound says which thing is not there, where the error says that something
// is not.
func notFound(err error, what, name string) error {
	if !isNotFound(err) {
		return err
	}
	return &actnow.InputError{Code: "error.no_such", Args: []any{what, name}, Text: fmt.Sprintf("there is no %s %s", what, name)}
}
