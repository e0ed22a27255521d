package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/web"
)

func newUserCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "people who sign in"}
	cmd.AddCommand(newUserResetCommand(sh), newUserListCommand(sh))
	return cmd
}

// resetLife is how long a link for a new password holds.
const resetLife = time.Hour

func newUserResetCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "reset EMAIL", Short: "print a link by which a person sets a new password", Args: exactly(1, "EMAIL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				u, _, err := a.db.PasswordOf(ctx, args[0])
				if err != nil {
					return notFound(err, "user", args[0])
				}
				secret, hash := web.NewSecret("")
				l := actnow.Link{Hash: hash, Kind: actnow.LinkReset, User: u, ExpiresAt: a.now().Add(resetLife)}
				if err := a.db.OfferLink(ctx, commandLine, l); err != nil {
					return err
				}
				link := "http://" + reachable(a.cfg.get("listen")) + web.LinkPath(secret)
				return sh.print(map[string]string{"link": link}, func(w io.Writer) {
					fmt.Fprintf(w, "Open this link within the hour, once:\n\n  %s\n", link)
				})
			})
		},
	}
}

func newUserListCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the people", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				users, err := a.db.Users(ctx)
				if err != nil {
					return err
				}
				type line struct {
					Email    string      `json:"email"`
					Name     string      `json:"name"`
					Role     actnow.Role `json:"role"`
					Disabled bool        `json:"disabled"`
				}
				list := []line{}
				for _, u := range users {
					list = append(list, line{u.Email, u.Name, u.Role, u.Disabled})
				}
				return sh.print(list, func(w io.Writer) {
					fmt.Fprintln(w, "e-mail\trole\tstate\tname")
					for _, l := range list {
						state := "active"
						if l.Disabled {
							state = "shut out"
						}
						fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Email, l.Role, state, l.Name)
					}
				})
			})
		},
	}
}
